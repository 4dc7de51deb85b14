using Tidepool.Contracts;

namespace Tidepool.Bench;

/// <summary>From nothing to an editor that answers: bare Incus against Tidepool, alternating in one run.</summary>
internal static class CreateToIde
{
    private const int ListRequests = 300;
    private static readonly string[] BareParts = ["create", "start", "address", "editor answers"];
    private static readonly string[] Processes = ["server", "worker"];

    public static async Task RunAsync(BareIncus bare, WholeTidepool tidepool, string state, int runs, Figures figures)
    {
        var (a, b, request) = (new Samples(), new Samples(), new Samples());
        Samples[] parts = [new(), new(), new(), new()];
        var steps = new Dictionary<string, Samples>();
        for (var run = -1; run < runs; run++)
        {
            var name = $"bench-{run + 1}";
            var direct = await bare.RunAsync(name);
            await bare.RemoveAsync(name);
            var whole = await tidepool.RunAsync(name);
            var created = (await tidepool.Api.GetAsync(name)).Value!.CreatedAt;
            await tidepool.UntilAsync(name, WorkspaceStatus.Running);
            var log = (await tidepool.Api.LogsAsync(name)).Value!;
            await tidepool.RemoveAsync(name);
            if (run < 0)
            {
                continue;
            }

            a.Add(direct.Create + direct.Start + direct.Address + direct.Editor);
            parts[0].Add(direct.Create);
            parts[1].Add(direct.Start);
            parts[2].Add(direct.Address);
            parts[3].Add(direct.Editor);
            b.Add(whole.Editor);
            request.Add(whole.Request);
            Split(log, created, steps);
        }

        var list = new Samples();
        for (var i = 0; i < ListRequests; i++)
        {
            list.Add(await tidepool.ListAsync());
        }

        Console.WriteLine($"create to editor, {runs} runs of each, alternating; milliseconds");
        Console.WriteLine(Samples.Header);
        Console.WriteLine($"a  bare Incus              {a}");
        foreach (var (label, part) in BareParts.Zip(parts))
        {
            Console.WriteLine($"     {label,-20}  {part}");
        }

        Console.WriteLine($"b  Tidepool, through Caddy {b}");
        foreach (var (label, part) in steps)
        {
            Console.WriteLine($"     {label,-20}  {part}");
        }

        Console.WriteLine($"ratio b/a of the medians: {b.Median / a.Median:0.00} (at most 1.15)");
        figures.Ratio("create-to-ide/to-bare-Incus", b.Median / a.Median);
        figures.Absolute("create-to-ide/median-ms", b.Median);
        Console.WriteLine($"POST /api/workspaces       {request}");
        Console.WriteLine($"GET /api/workspaces        {list}");
        await MemoryAsync(state);
    }

    /// <summary>The steps as the worker logged them, each from its line to the next.</summary>
    private static void Split(IReadOnlyList<LogLineResponse> log, DateTimeOffset since, Dictionary<string, Samples> steps)
    {
        var lines = log.Where(l => l.At >= since && l.Source == "lifecycle").ToList();
        Add("until the worker begins", lines[0].At - since);
        foreach (var (line, next) in lines.Zip(lines.Skip(1)).TakeWhile(pair => !pair.First.Message.StartsWith("create:", StringComparison.Ordinal)))
        {
            Add(line.Message.Split(" (")[0], next.At - line.At);
        }

        void Add(string label, TimeSpan time)
        {
            if (!steps.TryGetValue(label, out var samples))
            {
                steps[label] = samples = new Samples();
            }

            samples.Add(time);
        }
    }

    private static async Task MemoryAsync(string state)
    {
        await Task.Delay(TimeSpan.FromSeconds(20), TimeProvider.System, CancellationToken.None);
        var (resident, proportional) = (0.0, 0.0);
        foreach (var process in Processes)
        {
            var pid = (await File.ReadAllTextAsync(Path.Combine(state, "run", process + ".pid"))).Split(' ')[0].Trim();
            var (rss, pss) = (Idle.Megabytes(pid, "Rss"), Idle.Megabytes(pid, "Pss"));
            Console.WriteLine($"memory of the idle {process}: {rss:0} MB resident, {pss:0} MB of it its own share");
            resident += rss;
            proportional += pss;
        }

        Console.WriteLine($"together: {resident:0} MB resident, {proportional:0} MB proportional (aim: under 180)");
    }
}
