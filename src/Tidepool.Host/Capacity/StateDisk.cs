using Tidepool.Core.Workspaces;

namespace Tidepool.Host.Capacity;

/// <summary>
/// The disk that holds the state directory: the database, and the files that the workspaces' disks lie in, which grow as they are
/// written. Once it is full, what workspaces write is lost to them; so no new one is made while little is left.
/// </summary>
/// <param name="directory">The state directory, for a person.</param>
/// <param name="seen">Something in it that this process sees: the server's root file system has only parts of the state directory.</param>
/// <param name="reserveMiB">What is kept.</param>
public sealed class StateDisk(string directory, string seen, long reserveMiB)
{
    private readonly DriveInfo drive = new(seen);

    /// <summary>Why no workspace is made now; null if there is room. Nothing is promised of the next moment.</summary>
    public Refusal.DiskLow? Refuse()
    {
        var free = drive.AvailableFreeSpace >> 20;
        return free < reserveMiB ? new Refusal.DiskLow(directory, free, reserveMiB) : null;
    }
}
