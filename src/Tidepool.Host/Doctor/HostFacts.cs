using System.Globalization;
using System.Runtime.InteropServices;
using Tidepool.Host.Processes;

namespace Tidepool.Host.Doctor;

/// <summary>What this machine is and can do, as far as Tidepool depends on it.</summary>
public sealed record HostFacts(
    bool IsLinux,
    string Architecture,
    bool IsRoot,
    long FreeDiskBytes,
    long MemoryBytes,
    string? WhyNoBridge,
    string? WhyNoFirewall,
    string? WhyNoBtrfs)
{
    private const string Kvm = "/dev/kvm";
    private const string Vsock = "/dev/vhost-vsock";

    public bool IsMac { get; init; }

    /// <summary>Whether there is a device for it. On some machines the device hangs.</summary>
    public bool HasKvm { get; init; }

    /// <summary>Where no kernel boots with KVM: why, as a part of a sentence.</summary>
    public string WhyNoKvm => HasKvm ? "/dev/kvm is here, but no kernel boots with it" : "there is no /dev/kvm here";

    /// <summary>Whether the host can talk to virtual machines by vsock.</summary>
    public bool HasVsock { get; init; }

    public bool IsX64 => Architecture == "x64";

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
            OperatingSystem.IsLinux() ? await WhyNoBtrfsAsync(cancellationToken) : null)
        {
            IsMac = OperatingSystem.IsMacOS(),
            HasKvm = File.Exists(Kvm),
            HasVsock = File.Exists(Kvm) && await HasVsockAsync(probes, cancellationToken),
        };
    }

    private static async Task<bool> HasVsockAsync(bool mayLoad, CancellationToken cancellationToken)
    {
        if (!File.Exists(Vsock) && mayLoad)
        {
            await Tool.RunAsync("modprobe", ["vhost_vsock"], cancellationToken);
        }

        return File.Exists(Vsock);
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
        return result.Succeeded ? null : result.LastOutput;
    }

    private static async Task<string?> WhyNoFirewallAsync(CancellationToken cancellationToken)
    {
        if (Tool.Find("nft") is null)
        {
            return null;
        }

        var result = await Tool.RunAsync("unshare", ["--net", "nft", "add", "table", "inet", "tp-probe"], cancellationToken);
        return result.Succeeded ? null : result.LastOutput;
    }

    private static async Task<string?> WhyNoBtrfsAsync(CancellationToken cancellationToken)
    {
        if (KernelKnowsBtrfs())
        {
            return null;
        }

        var result = await Tool.RunAsync("modprobe", ["btrfs"], cancellationToken);
        return result.Succeeded || KernelKnowsBtrfs() ? null : result.LastOutput;
    }

    private static bool KernelKnowsBtrfs() => File.ReadLines("/proc/filesystems").Any(l => l.EndsWith("\tbtrfs", StringComparison.Ordinal));
}
