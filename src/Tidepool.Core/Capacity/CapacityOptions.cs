using System.ComponentModel.DataAnnotations;

namespace Tidepool.Core.Capacity;

/// <summary>How much the workspaces may take together. What is not given follows from the machine.</summary>
public sealed class CapacityOptions
{
    /// <summary>What running workspaces may have in memory, in MiB; null for the machine's without <see cref="MemoryReserveMiB"/>.</summary>
    [Range(1, 1L << 40)]
    public long? MemoryMiB { get; set; }

    /// <summary>What is kept for the machine itself and for Tidepool, in MiB; null for 1 GiB and a twentieth of the machine's memory.</summary>
    [Range(0, 1L << 40)]
    public long? MemoryReserveMiB { get; set; }

    /// <summary>How many cores of workspaces each core of the machine stands for: they are seldom all at work.</summary>
    [Range(0.1, 1000)]
    public double CpuOversubscription { get; set; } = 16;

    /// <summary>What all disks may take, in MiB; null for the size of the pool that they lie in.</summary>
    [Range(1, 1L << 40)]
    public long? DiskMiB { get; set; }

    /// <summary>What each workspace's disk is counted with, in MiB. Disks share what they were made from, and grow only as they are written.</summary>
    [Range(0, 1L << 30)]
    public long DiskPerWorkspaceMiB { get; set; } = 1024;

    /// <summary>What has to be free on the disk that holds the state directory for a new workspace to be made, in MiB.</summary>
    [Range(0, 1L << 40)]
    public long DiskReserveMiB { get; set; } = 1024;

    /// <summary>These, if they can be used.</summary>
    /// <exception cref="ValidationException">Some cannot; it names all of them.</exception>
    public CapacityOptions Checked()
    {
        var faults = new List<ValidationResult>();
        return Validator.TryValidateObject(this, new ValidationContext(this), faults, validateAllProperties: true)
            ? this
            : throw new ValidationException(string.Join(' ', faults.Select(fault => $"Tidepool:Capacity: {fault.ErrorMessage}")));
    }
}
