using System.Diagnostics;

namespace Tidepool.Bench;

/// <summary>What <c>tidepool ls</c> takes, against the shortest program that the same .NET can start, alternating.</summary>
internal static class CommandLine
{
    public static async Task RunAsync(string state, int runs, Figures figures)
    {
        var tidepool = Environment.GetEnvironmentVariable("TIDEPOOL_BENCH_COMMAND") ?? throw new InvalidOperationException("TIDEPOOL_BENCH_COMMAND names the command.");
        var (bare, list) = (new Samples(), new Samples());
        for (var run = -1; run < runs; run++)
        {
            var nothing = await TimeAsync(Environment.ProcessPath!, ["nothing"]);
            var ls = await TimeAsync(tidepool, ["ls", "--state", state]);
            if (run >= 0)
            {
                bare.Add(nothing);
                list.Add(ls);
            }
        }

        Console.WriteLine($"tidepool ls, {runs} runs of each, alternating; milliseconds");
        Console.WriteLine(Samples.Header);
        Console.WriteLine($"a  a program that ends     {bare}");
        Console.WriteLine($"b  tidepool ls             {list}   (aim: at most 250)");
        Console.WriteLine($"ratio b/a of the medians: {list.Median / bare.Median:0.00}");
        figures.Ratio("ls/to-a-program-that-ends", list.Median / bare.Median);
        figures.Absolute("ls/median-ms", list.Median);
    }

    private static async Task<TimeSpan> TimeAsync(string program, string[] arguments)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? TimeProvider.System.GetElapsedTime(began) : throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
    }
}
