namespace Tidepool.Host.Startup;

/// <summary>How large the file that holds the workspaces' disks may grow. It takes space only as they are written.</summary>
public static class PoolSize
{
    private const long Gibi = 1L << 30;

    /// <summary>In GiB.</summary>
    public static int For(string directory) => From(new DriveInfo(directory).AvailableFreeSpace);

    /// <summary>Most of what is free, so that a full pool does not fill the host's disk as well.</summary>
    internal static int From(long freeBytes) => (int)Math.Clamp(freeBytes / Gibi * 8 / 10, 5, 500);
}
