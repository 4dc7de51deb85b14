namespace Tidepool.Core.Capacity;

/// <summary>How much there is for all workspaces together.</summary>
/// <param name="MemoryMiB">Of the workspaces that are wanted running.</param>
/// <param name="Cpus">Of the workspaces that are wanted running; more than the machine has, because they are seldom all busy.</param>
/// <param name="DiskMiB">Of all; null if it is unlimited.</param>
/// <param name="DiskPerWorkspaceMiB">What each disk is counted with.</param>
public sealed record CapacityBudget(long MemoryMiB, long Cpus, long? DiskMiB, long DiskPerWorkspaceMiB)
{
    private const long Gibi = 1024;

    /// <summary>Refuses nothing.</summary>
    public static readonly CapacityBudget Unlimited = new(long.MaxValue, long.MaxValue, null, 0);

    /// <param name="host">The machine.</param>
    /// <param name="options">What its owner says of it.</param>
    /// <param name="poolGiB">The size of the pool that holds the disks; null if it has none of its own.</param>
    /// <exception cref="System.ComponentModel.DataAnnotations.ValidationException">The options cannot be used.</exception>
    public static CapacityBudget Of(HostResources host, CapacityOptions options, int? poolGiB)
    {
        options.Checked();
        var reserve = options.MemoryReserveMiB ?? (Gibi + (host.MemoryMiB / 20));
        return new CapacityBudget(
            options.MemoryMiB ?? Math.Max(0, host.MemoryMiB - reserve),
            Math.Max(1, (long)(host.Cores * options.CpuOversubscription)),
            options.DiskMiB ?? (poolGiB * Gibi),
            options.DiskPerWorkspaceMiB);
    }

    /// <summary>What is left of one resource; never below zero, and the largest number for an unlimited one.</summary>
    public long Left(CapacityResource resource, CapacityAmount inUse) => resource switch
    {
        CapacityResource.Memory => Math.Max(0, MemoryMiB - inUse.MemoryMiB),
        CapacityResource.Cpu => Math.Max(0, Cpus - inUse.Cpus),
        CapacityResource.Disk => Math.Max(0, (DiskMiB ?? long.MaxValue) - inUse.DiskMiB),
    };
}
