using System.Globalization;
using System.Text;

namespace Tidepool.Host.Processes;

/// <summary>What the kernel says of the processes on this machine.</summary>
public static class ProcessTable
{
    private const long TicksPerSecond = 100;

    public static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0);

    /// <summary>The command line with spaces between its words; empty if the process is gone or is the kernel's own.</summary>
    public static string CommandLine(int pid) => Read(pid, "cmdline")?.Replace('\0', ' ').Trim() ?? "";

    public static string Name(int pid) => Read(pid, "comm")?.Trim() ?? "";

    public static int ParentOf(int pid)
    {
        var stat = Read(pid, "stat");
        var fields = stat?[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields is { Length: > 1 } && int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var parent) ? parent : 0;
    }

    /// <summary>Resident memory in bytes.</summary>
    public static long Memory(int pid)
    {
        var fields = Read(pid, "statm")?.Split(' ');
        return fields is { Length: > 1 } && long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var pages) ? pages * Environment.SystemPageSize : 0;
    }

    public static TimeSpan Uptime(ProcessIdentity process)
    {
        var sinceBoot = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        return TimeSpan.FromSeconds(Math.Max(0, sinceBoot - (process.StartTicks / (double)TicksPerSecond)));
    }

    /// <summary>These processes and everything that descends from them.</summary>
    public static IReadOnlyList<int> WithDescendants(IEnumerable<int> roots)
    {
        var children = All().ToLookup(ParentOf);
        var found = new HashSet<int>();
        var open = new Stack<int>(roots);
        while (open.TryPop(out var pid))
        {
            if (found.Add(pid))
            {
                foreach (var child in children[pid])
                {
                    open.Push(child);
                }
            }
        }

        return [.. found];
    }

    private static string? Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/{file}", Encoding.UTF8);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
