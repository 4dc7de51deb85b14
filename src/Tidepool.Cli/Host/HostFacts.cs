using System.Globalization;
using System.Runtime.InteropServices;
using Tidepool.Cli.Processes;

namespace Tidepool.Cli.Host;

/// <summary>What this machine is and can do, as far as Tidepool depends on it.</summary>
internal sealed record HostFacts(
    bool IsLinux,
    string Architecture,
    bool IsRoot,
    long FreeDiskBytes,
    long MemoryBytes,
    string? WhyNoBridge,
    string? WhyNoFirewall,
    string? WhyNoBtrfs)
{
    public static async Task<HostFacts> ReadAsync(string stateDirectory, CancellationToken cancellationToken)
    {
        var isRoot = string.Equals(Environment.UserName, "root", StringComparison.Ordinal);
        var probes = OperatingSystem.IsLinux() && isRoot;
        return new HostFacts(
            OperatingSystem.IsLinux(),
            RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(),
            isRoot,
            FreeDisk(stateDirectory),
            Memory(),
            probes ? await WhyNoBridgeAsync(cancellationToken) : null,
            probes ? await WhyNoFirewallAsync(cancellationToken) : null,
            OperatingSystem.IsLinux() ? await WhyNoBtrfsAsync(cancellationToken) : null);
    }

    /// <summary>Of the file system that the directory is on, or will be.</summary>
    private static long FreeDisk(string directory)
    {
        var existing = directory;
        while (!Directory.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing)!;
        }

        return new DriveInfo(existing).AvailableFreeSpace;
    }

    private static long Memory()
    {
        if (!File.Exists("/proc/meminfo"))
        {
            return GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        }

        var line = File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Tried in a network namespace of its own, which takes the bridge with it when it ends.</summary>
    private static async Task<string?> WhyNoBridgeAsync(CancellationToken cancellationToken)
    {
        if (Tool.Find("ip") is null)
        {
            return null;
        }

        var result = await Tool.RunAsync("unshare", ["--net", "ip", "link", "add", "tp-probe", "type", "bridge"], cancellationToken);
        return result.Succeeded ? null : result.LastWords;
    }

    private static async Task<string?> WhyNoFirewallAsync(CancellationToken cancellationToken)
    {
        if (Tool.Find("nft") is null)
        {
            return null;
        }

        var result = await Tool.RunAsync("unshare", ["--net", "nft", "add", "table", "inet", "tp-probe"], cancellationToken);
        return result.Succeeded ? null : result.LastWords;
    }

    private static async Task<string?> WhyNoBtrfsAsync(CancellationToken cancellationToken)
    {
        if (KernelKnowsBtrfs())
        {
            return null;
        }

        var result = await Tool.RunAsync("modprobe", ["btrfs"], cancellationToken);
        return result.Succeeded || KernelKnowsBtrfs() ? null : result.LastWords;
    }

    private static bool KernelKnowsBtrfs() => File.ReadLines("/proc/filesystems").Any(l => l.EndsWith("\tbtrfs", StringComparison.Ordinal));
}
