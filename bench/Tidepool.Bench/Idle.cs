using System.Globalization;
using Tidepool.Contracts;

namespace Tidepool.Bench;

/// <summary>What Tidepool's processes take while nobody does anything: with running workspaces, and with the same ones stopped.</summary>
internal static class Idle
{
    private const int TicksPerSecond = 100;
    private const int MemoryMiB = 512;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(WholeTidepool tidepool, string state, int workspaces, Figures figures)
    {
        var names = Enumerable.Range(0, workspaces).Select(number => $"idle-{number}").ToList();
        foreach (var name in names)
        {
            var created = await tidepool.Api.CreateAsync(new CreateWorkspaceRequest(name, Cpus: 1, MemoryMiB: MemoryMiB));
            if (created.Problem is { } problem)
            {
                throw new InvalidOperationException(problem.Detail);
            }

            await tidepool.UntilAsync(name, WorkspaceStatus.Running);
        }

        await MeasureAsync(state, $"{workspaces} running", "running", figures);
        foreach (var name in names)
        {
            await tidepool.Api.StopAsync(name);
            await tidepool.UntilAsync(name, WorkspaceStatus.Stopped);
        }

        await MeasureAsync(state, $"{workspaces} stopped", "stopped", figures);
    }

    private static async Task MeasureAsync(string state, string title, string key, Figures figures)
    {
        await Task.Delay(Settling, TimeProvider.System, CancellationToken.None);
        var processes = Directory.EnumerateFiles(Path.Combine(state, "run"), "*.pid")
            .Select(path => (Name: Path.GetFileNameWithoutExtension(path), Pid: File.ReadAllText(path).Split(' ')[0].Trim()))
            .OrderBy(process => process.Name, StringComparer.Ordinal)
            .ToList();
        var before = processes.ToDictionary(process => process.Name, process => Ticks(process.Pid));
        var began = TimeProvider.System.GetTimestamp();
        await Task.Delay(Length, TimeProvider.System, CancellationToken.None);
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        Console.WriteLine($"idle with {title} workspaces, {seconds:0} s");
        Console.WriteLine("                 % of a core   PSS MB   anonymous MB");
        var all = 0.0;
        foreach (var (name, pid) in processes)
        {
            var share = (Ticks(pid) - before[name]) / (double)TicksPerSecond / seconds * 100;
            all += share;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-12}   {share,11:0.00}   {Megabytes(pid, "Pss"),6:0}   {Megabytes(pid, "Anonymous"),12:0}"));
            figures.Absolute($"idle/{key}/{name}-pss-MB", Megabytes(pid, "Pss"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  together       {all,11:0.00}   (aim: at most 1)"));
        figures.Absolute($"idle/{key}/percent-of-a-core", all);
    }

    /// <summary>Processor time that a process and its ended children took, in the kernel's ticks.</summary>
    private static long Ticks(string pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
    }

    /// <param name="pid">A process.</param>
    /// <param name="key">Which of the kernel's sums over its memory (smaps_rollup): Rss, Pss, Anonymous.</param>
    public static double Megabytes(string pid, string key)
    {
        var line = File.ReadLines($"/proc/{pid}/smaps_rollup").First(l => l.StartsWith(key + ":", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
