using System.Globalization;
using Tidepool.Core.Capacity;

namespace Tidepool.Host.Capacity;

/// <summary>What the kernel says that this machine has.</summary>
public static class KernelResources
{
    private const string MemoryInfo = "/proc/meminfo";
    private const string CpuInfo = "/proc/cpuinfo";

    /// <summary>Of the machine that this process runs on. Whatever limit a service manager gave this one process is not the workspaces'.</summary>
    public static HostResources Read()
    {
        var memory = File.Exists(MemoryInfo) ? ParseTotal(File.ReadLines(MemoryInfo)) : null;
        var cores = File.Exists(CpuInfo) ? File.ReadLines(CpuInfo).Count(line => line.StartsWith("processor", StringComparison.Ordinal)) : 0;
        return new HostResources(memory ?? (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20), cores > 0 ? cores : Environment.ProcessorCount);
    }

    /// <summary>From the lines of the kernel's <c>meminfo</c>; null if they do not say.</summary>
    public static long? ParseTotal(IEnumerable<string> lines)
    {
        var total = lines.FirstOrDefault(line => line.StartsWith("MemTotal:", StringComparison.Ordinal))?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return total is [_, var kibibytes, ..] && long.TryParse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture, out var amount) ? amount / 1024 : null;
    }
}
