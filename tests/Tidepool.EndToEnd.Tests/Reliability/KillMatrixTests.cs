using System.Diagnostics;
using System.Globalization;
using System.Net;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Reliability;

/// <summary>
/// Whatever is killed at whatever moment of whatever is being done, within a minute what is wanted and what is there agree again:
/// no machine twice and none left over, no route to nowhere, no stream of events stuck. <c>TIDEPOOL_KILL_ROUNDS</c> says how many
/// rounds, <c>TIDEPOOL_KILL_SEED</c> repeats those of an earlier run, whose report has its seed; <c>bench/kill-matrix</c> runs the
/// long form, which walks every pair of operation and victim.
/// </summary>
[Collection(WholeTidepool.Name)]
public sealed class KillMatrixTests(RunningTidepool tidepool)
{
    private const string Name = "matrix";
    private const string CloneName = "matrix-copy";
    private const int MostAnswers = 150;
    private static readonly Dictionary<string, string[]> Victims = new()
    {
        ["server"] = ["server"],
        ["worker"] = ["worker"],
        ["caddy"] = ["caddy"],
        ["incusd"] = ["incusd"],
        ["all"] = ["server", "worker", "caddy", "incusd"],
    };
    private static readonly string[] Operations = ["create", "start", "stop", "delete", "clone", "port"];
    private readonly List<string> report = [];

    /// <summary>The pairs in an order of the seed's, and again in another once all were walked.</summary>
    internal static IEnumerable<(string Operation, string Victim)> Walk(Random random)
    {
        var pairs = Operations.SelectMany(operation => Victims.Keys.Select(victim => (operation, victim))).ToArray();
        while (true)
        {
            random.Shuffle(pairs);
            foreach (var pair in pairs)
            {
                yield return pair;
            }
        }
    }

    [Fact]
    public async Task Wanted_and_seen_agree_again_after_every_kill()
    {
        var rounds = Number("TIDEPOOL_KILL_ROUNDS", 5);
        var seed = Number("TIDEPOOL_KILL_SEED", Environment.TickCount);
        var random = new Random(seed);
        var covered = new Dictionary<(string Operation, string Victim), int>();
        foreach (var (round, pair) in Walk(random).Take(rounds).Index())
        {
            var answers = random.Next(MostAnswers);
            var story = $"seed {seed}, round {round}: {pair.Operation}, {pair.Victim} killed after {answers} answers";
            try
            {
                await RoundAsync(pair.Operation, Victims[pair.Victim], answers, story);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                throw new InvalidOperationException($"{story}\n{string.Join('\n', report)}", fault);
            }

            covered[pair] = covered.GetValueOrDefault(pair) + 1;
        }

        report.Add($"seed {seed}: {covered.Count} of {Operations.Length * Victims.Count} pairs: {string.Join(", ", covered.OrderBy(c => c.Key).Select(c => $"{c.Key.Operation} and {c.Key.Victim} {c.Value}"))}");
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', report));
    }

    [Fact]
    public void Every_pair_of_operation_and_victim_is_walked_before_any_is_walked_again()
    {
        var all = Operations.Length * Victims.Count;
        foreach (var pairs in Walk(new Random(1)).Take(3 * all).Chunk(all))
        {
            Assert.Equal(all, pairs.Distinct().Count());
        }

        Assert.NotEqual(Walk(new Random(1)).Take(all), Walk(new Random(2)).Take(all));
    }

    private async Task RoundAsync(string operation, string[] victims, int answers, string story)
    {
        await PrepareAsync(operation);
        var lastEvent = await LastEventAsync();
        var doing = TryAsync(() => DoAsync(operation));

        // The moment is counted in answers and not in time, so that it is about as far into the work on any machine.
        for (var answer = 0; answer < answers; answer++)
        {
            await tidepool.Api.ListAsync();
        }

        foreach (var victim in victims)
        {
            Kill(victim);
        }

        var began = TimeProvider.System.GetTimestamp();
        await doing;
        await AgreeAsync();
        report.Add(string.Create(CultureInfo.InvariantCulture, $"{story}; agreed after {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s"));
        await EventsGoOnAsync(lastEvent);
        await tidepool.Api.DeleteAsync(CloneName);
        await tidepool.UntilGoneAsync(CloneName);
    }

    private async Task PrepareAsync(string operation)
    {
        if (operation == "create")
        {
            await tidepool.Api.DeleteAsync(Name);
            await tidepool.UntilGoneAsync(Name);
            return;
        }

        if (await FindAsync() is null)
        {
            await tidepool.CreateAsync(Name);
        }

        await tidepool.UntilAsync(Name, (await FindAsync())!.DesiredState == DesiredState.Stopped ? WorkspaceStatus.Stopped : WorkspaceStatus.Running);
        if (operation == "start")
        {
            await tidepool.Api.StopAsync(Name);
            await tidepool.UntilAsync(Name, WorkspaceStatus.Stopped);
        }
        else
        {
            await tidepool.Api.StartAsync(Name);
            await tidepool.UntilAsync(Name, WorkspaceStatus.Running);
        }
    }

    private Task DoAsync(string operation) => operation switch
    {
        "create" => tidepool.Api.CreateAsync(new CreateWorkspaceRequest(Name, MemoryMiB: 1024)),
        "start" => tidepool.Api.StartAsync(Name),
        "stop" => tidepool.Api.StopAsync(Name),
        "delete" => tidepool.Api.DeleteAsync(Name),
        "clone" => tidepool.Api.CloneAsync(Name, new CloneWorkspaceRequest(CloneName)),
        _ => tidepool.Api.RegisterPortAsync(Name, new RegisterPortRequest(3000, Guid.NewGuid().ToString("N")[..8])),
    };

    /// <summary>What is wanted is what the API says: a request that was cut off may or may not have been taken.</summary>
    private async Task AgreeAsync()
    {
        await Until.TrueAsync("every part is up", async () => (await tidepool.Api.HealthAsync())?.Components.All(c => c.Healthy) == true);
        await Until.TrueAsync("wanted and seen agree", async () =>
        {
            var listed = (await tidepool.Api.ListAsync()).Value!.Items;
            var instances = await tidepool.InstancesAsync();
            return listed.All(w => (w.DesiredState, w.Status) is (DesiredState.Running, WorkspaceStatus.Running) or (DesiredState.Stopped, WorkspaceStatus.Stopped))
                && instances.Keys.Order(StringComparer.Ordinal).SequenceEqual(listed.Select(w => "ws-" + w.Id["ws_".Length..]).Order(StringComparer.Ordinal))
                && listed.All(w => instances["ws-" + w.Id["ws_".Length..]] == (w.Status == WorkspaceStatus.Running ? "Running" : "Stopped"));
        });

        await RouteAnswersAsync(Name);
        await RouteAnswersAsync(CloneName);
    }

    private async Task RouteAnswersAsync(string name)
    {
        var wanted = (await tidepool.Api.GetAsync(name)).Value switch
        {
            { Status: WorkspaceStatus.Running } => HttpStatusCode.OK,
            { Status: WorkspaceStatus.Stopped } => HttpStatusCode.ServiceUnavailable,
            _ => HttpStatusCode.NotFound,
        };
        await Until.TrueAsync($"the route of {name} answers {wanted}", async () =>
        {
            using var answer = await tidepool.Http.GetAsync(new Uri(tidepool.WorkspaceUrl(name) + "healthz"));
            return answer.StatusCode == wanted;
        });
    }

    /// <summary>A client that followed before the kill resumes with its position, and gets what happens now.</summary>
    private async Task EventsGoOnAsync(string? lastEvent)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var label = Guid.NewGuid().ToString("N")[..8];
        var changed = (await tidepool.Api.RegisterPortAsync(Name, new RegisterPortRequest(4000, label))).Succeeded;
        await foreach (var change in tidepool.Api.EventsAsync(lastEvent, limit.Token))
        {
            // Without a workspace there may be no news at all; then the stream at least shows that it lives.
            if (!changed || change.Changed?.Ports.Any(p => p.Label == label) == true)
            {
                return;
            }
        }

        Assert.Fail("The stream of events ended.");
    }

    private async Task<string?> LastEventAsync()
    {
        if ((await tidepool.Api.ListAsync()).Value!.Items.Count == 0)
        {
            return null;
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await foreach (var change in tidepool.Api.EventsAsync(null, limit.Token))
        {
            if (change.Id is not null)
            {
                return change.Id;
            }
        }

        return null;
    }

    private async Task<WorkspaceResponse?> FindAsync() => (await tidepool.Api.GetAsync(Name)).Value;

    private void Kill(string process)
    {
        try
        {
            using var victim = Process.GetProcessById(tidepool.PidOf(process));
            victim.Kill();
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException or IOException)
        {
            // It was down already, from the round before.
        }
    }

    private static async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or TaskCanceledException)
        {
            // Cut off, as it has to be.
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
