using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tidepool.Core.Runtime;
using Tidepool.Testing.StandIns;

namespace Tidepool.Runtime.Tests.Incus;

/// <summary>An Incus that answers slowly, wrongly or not at all: each call ends in time, says whether it may be tried again, and nothing is taken for gone.</summary>
public sealed class IncusSeamTests : IAsyncLifetime
{
    /// <summary>What the longest of the calls below may take: several requests, each with its own deadline.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(5);
    private readonly FakeTimeProvider time = new();
    private readonly IncusSeam seam;

    public IncusSeamTests() => seam = new IncusSeam(time);

    public static TheoryData<string> AllVerbs => [.. Verbs.Keys];

    private static Dictionary<string, Func<IWorkspaceRuntime, InstanceSpec, Task>> Verbs { get; } = new()
    {
        ["prepare"] = (runtime, _) => runtime.PrepareAsync(Token),
        ["capabilities"] = (runtime, _) => runtime.GetCapabilitiesAsync(Token),
        ["create"] = (runtime, spec) => runtime.CreateAsync(spec, Token),
        ["start"] = (runtime, spec) => runtime.StartAsync(spec.Name, Token),
        ["stop"] = (runtime, spec) => runtime.StopAsync(spec.Name, TimeSpan.FromSeconds(10), Token),
        ["delete"] = (runtime, spec) => runtime.DeleteAsync(spec.Name, Token),
        ["observe"] = (runtime, spec) => runtime.ObserveAsync(spec.Name, Token),
        ["observe all"] = (runtime, _) => runtime.ObserveAllAsync(Token),
        ["network"] = (runtime, _) => runtime.FindNetworkAsync(Token),
    };

    public async ValueTask InitializeAsync()
    {
        await seam.Daemon.StartAsync();
        await seam.Runtime.PrepareAsync(Token);
    }

    public ValueTask DisposeAsync() => seam.DisposeAsync();

    [Theory]
    [MemberData(nameof(AllVerbs))]
    public async Task A_daemon_that_hangs_for_ever_holds_no_call_longer_than_its_deadlines(string verb)
    {
        var spec = seam.Spec();
        await seam.Runtime.CreateAsync(spec, Token);
        await seam.Runtime.StartAsync(spec.Name, Token);
        foreach (var trouble in new[] { Misbehaviours.HangsForEver, Misbehaviours.DoesItAndNeverSaysSo })
        {
            seam.Daemon.Behaves = trouble;
            var (fault, took) = await RunAsync(() => Verbs[verb](seam.Runtime, spec));
            Assert.True(Assert.IsType<RuntimeException>(fault).IsTransient);
            Assert.InRange(took, TimeSpan.Zero, Longest);
        }

        seam.Daemon.Behaves = Misbehaviours.Not;
        await Verbs[verb](seam.Runtime, spec);
        Assert.Equal(1, seam.Daemon.Made);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("start")]
    [InlineData("stop")]
    [InlineData("delete")]
    public async Task A_change_that_was_cut_off_at_any_of_its_requests_is_brought_to_its_end_by_repeating_it(string verb)
    {
        foreach (var trouble in new[] { Misbehaviours.HangsUp, Misbehaviours.LosesTheAnswer, Misbehaviours.HangsUpMidway })
        {
            for (var cut = 0; ; cut++)
            {
                var spec = seam.Spec();
                if (verb != "create")
                {
                    await seam.Runtime.CreateAsync(spec, Token);
                    await seam.Runtime.StartAsync(spec.Name, Token);
                }

                if (verb == "start")
                {
                    await seam.Runtime.StopAsync(spec.Name, TimeSpan.Zero, Token);
                }

                var (request, at) = (0, cut);
                seam.Daemon.Behaves = (context, honest) => Interlocked.Increment(ref request) - 1 == at ? trouble(context, honest) : honest(context);
                var (fault, _) = await RunAsync(() => Verbs[verb](seam.Runtime, spec));
                Assert.True(fault is null or RuntimeException { IsTransient: true }, fault?.ToString());
                seam.Daemon.Behaves = Misbehaviours.Not;
                await Verbs[verb](seam.Runtime, spec);
                Assert.Equal(
                    verb switch { "delete" => null, "start" => true, _ => (bool?)false },
                    seam.Daemon.Machines.TryGetValue(spec.Name.ToString(), out var runs) ? runs : null);
                await seam.Runtime.DeleteAsync(spec.Name, Token);
                if (request <= at)
                {
                    break;
                }
            }
        }
    }

    [Fact]
    public async Task Many_failures_leave_no_connection_and_no_handle_behind()
    {
        var spec = seam.Spec();
        await seam.Runtime.CreateAsync(spec, Token);
        var before = Handles();
        foreach (var trouble in new[] { Misbehaviours.HangsForEver, Misbehaviours.DoesItAndNeverSaysSo, Misbehaviours.HangsUp, Misbehaviours.HangsUpMidway, Misbehaviours.LosesTheAnswer, Misbehaviours.Refuses(500, "Trouble") })
        {
            seam.Daemon.Behaves = trouble;
            for (var i = 0; i < 5; i++)
            {
                await RunAsync(() => seam.Runtime.ObserveAsync(spec.Name, Token));
            }
        }

        seam.Daemon.Behaves = Misbehaviours.Not;
        await seam.Runtime.ObserveAsync(spec.Name, Token);
        await UntilAsync(() => seam.Daemon.Connections <= 2);

        // Those of the daemon's side, which lives in this process too, are closed a moment later.
        await UntilAsync(() => Handles() <= before + 6);
    }

    [Theory]
    [InlineData("Storage pool not found")]
    [InlineData("Network not found")]
    [InlineData("not found")]
    public async Task A_machine_is_not_taken_for_gone_because_something_else_is(string error)
    {
        var spec = seam.Spec();
        await seam.Runtime.CreateAsync(spec, Token);
        seam.Daemon.Behaves = Misbehaviours.Refuses(404, error);
        Assert.True((await Assert.ThrowsAsync<RuntimeException>(() => seam.Runtime.ObserveAsync(spec.Name, Token))).IsTransient);
        Assert.True((await Assert.ThrowsAsync<RuntimeException>(() => seam.Runtime.DeleteAsync(spec.Name, Token))).IsTransient);
        seam.Daemon.Behaves = Misbehaviours.Refuses(404, "Failed to fetch instance: Instance not found");
        Assert.Null(await seam.Runtime.ObserveAsync(spec.Name, Token));
    }

    [Fact]
    public async Task Whatever_part_of_an_answer_is_wrong_a_machine_is_never_taken_for_gone_and_never_made_again()
    {
        var spec = seam.Spec();
        await seam.Runtime.CreateAsync(spec, Token);
        await seam.Runtime.StartAsync(spec.Name, Token);
        var honest = new JsonObject { ["type"] = "sync", ["metadata"] = seam.Daemon.Look(spec.Name.ToString())!.DeepClone() };
        foreach (var path in PathsIn(honest))
        {
            foreach (var wrong in new[] { "null", "7", "-1.5", "99999999999999999999", "\"\"", "\"wrong\"", "[]", "[[]]", "{}", "true" })
            {
                var lie = honest.DeepClone();
                Replace(lie, path, JsonNode.Parse(wrong));
                seam.Daemon.Behaves = Misbehaviours.Only(r => r.Method == "GET" && r.Path.Value!.EndsWith(spec.Name.ToString(), StringComparison.Ordinal), Misbehaviours.Says(_ => lie));
                try
                {
                    Assert.NotNull(await seam.Runtime.ObserveAsync(spec.Name, Token));
                }
                catch (RuntimeException)
                {
                    // It cannot tell.
                }

                try
                {
                    await seam.Runtime.CreateAsync(spec, Token);
                }
                catch (RuntimeException)
                {
                    // As above.
                }

                Assert.True(seam.Daemon.Machines.ContainsKey(spec.Name.ToString()), $"{string.Join('.', path)} = {wrong}");
                Assert.Equal(1, seam.Daemon.Made);
            }
        }
    }

    [Theory]
    [InlineData("observe all", "/1.0/instances")]
    [InlineData("network", "/1.0/instances")]
    [InlineData("network", "/1.0/networks/tidepool0")]
    [InlineData("capabilities", "/1.0")]
    [InlineData("start", "/1.0/operations")]
    public async Task Whatever_part_of_any_answer_is_wrong_a_call_fails_as_it_may_or_does_its_work(string verb, string path)
    {
        var spec = seam.Spec();
        await seam.Runtime.CreateAsync(spec, Token);
        JsonNode? honest = null;
        seam.Daemon.Behaves = Misbehaviours.Only(r => r.Path == path, Misbehaviours.Says(answer => honest = answer));
        await Verbs[verb](seam.Runtime, spec);
        honest = honest?.DeepClone() ?? new JsonObject { ["type"] = "sync", ["metadata"] = new JsonObject { ["running"] = new JsonArray() } };
        foreach (var part in PathsIn(honest))
        {
            foreach (var wrong in new[] { "null", "7", "99999999999999999999", "\"wrong\"", "[[]]", "{}" })
            {
                var lie = honest.DeepClone();
                Replace(lie, part, JsonNode.Parse(wrong));
                seam.Daemon.Behaves = Misbehaviours.Only(r => r.Path == path, Misbehaviours.Says(_ => lie));

                // What an adapter has once understood it does not ask for again.
                await using var adapter = seam.Another(time);
                var (fault, _) = await RunAsync(() => Verbs[verb](adapter.GetRequiredService<IWorkspaceRuntime>(), spec));
                Assert.True(fault is null or RuntimeException, $"{string.Join('.', part)} = {wrong}: {fault}");
            }
        }
    }

    [Fact]
    public async Task What_an_import_that_was_cut_off_left_is_deleted_by_the_next()
    {
        seam.Daemon.Put(new JsonObject { ["name"] = "warm-up-0123456789ab", ["status_code"] = 102 });
        seam.Daemon.Put(new JsonObject { ["name"] = "ws-1", ["status_code"] = 102 });
        await seam.Runtime.ImportImageAsync(seam.Image, Token);
        Assert.Equal(["ws-1"], seam.Daemon.Machines.Keys);
    }

    [Fact]
    public async Task A_machine_that_is_listed_twice_is_an_invalid_answer()
    {
        await seam.Runtime.CreateAsync(seam.Spec(), Token);
        seam.Daemon.Behaves = Misbehaviours.Says(answer =>
        {
            var all = (JsonArray)answer["metadata"]!;
            all.Add(all[0]!.DeepClone());
            return answer;
        });
        Assert.True((await Assert.ThrowsAsync<RuntimeException>(() => seam.Runtime.ObserveAllAsync(Token))).IsTransient);
    }

    [Fact]
    public async Task A_create_whose_operation_the_daemon_has_forgotten_counts_for_nothing_until_the_machine_is_checked()
    {
        var spec = seam.Spec();

        // It was killed right after it had promised: nothing was made, and of the operation nothing is known.
        seam.Daemon.Behaves = Misbehaviours.Only(
            r => r is { Method: "POST", Path.Value: "/1.0/instances" },
            async (context, _) =>
            {
                context.Response.StatusCode = 202;
                await context.Response.WriteAsync("""{"type":"async","metadata":{"id":"forgotten","class":"task","status_code":103}}""");
            });
        var fault = await Assert.ThrowsAsync<RuntimeException>(() => seam.Runtime.CreateAsync(spec, Token));
        Assert.True(fault.IsTransient);
        Assert.Null(await seam.Runtime.ObserveAsync(spec.Name, Token));

        seam.Daemon.Behaves = Misbehaviours.Not;
        await seam.Runtime.CreateAsync(spec, Token);
        Assert.NotNull(await seam.Runtime.ObserveAsync(spec.Name, Token));
    }

    [Fact]
    public async Task A_machine_that_is_still_being_made_and_whose_operation_is_then_forgotten_is_made_again()
    {
        var spec = seam.Spec();
        await seam.Runtime.CreateAsync(spec, Token);
        var running = new JsonObject
        {
            ["type"] = "sync",
            ["metadata"] = new JsonObject { ["running"] = new JsonArray(new JsonObject { ["id"] = "forgotten", ["class"] = "task", ["resources"] = new JsonObject { ["instances"] = new JsonArray($"/1.0/instances/{spec.Name}") } }) },
        };
        seam.Daemon.Behaves = Misbehaviours.Only(r => r.Path == "/1.0/operations", Misbehaviours.Says(_ => running.DeepClone()));
        await seam.Runtime.CreateAsync(spec, Token);
        Assert.Equal(2, seam.Daemon.Made);
    }

    [Fact]
    public async Task A_machine_of_our_name_that_is_not_ours_is_left_alone()
    {
        var spec = seam.Spec();
        await seam.Runtime.CreateAsync(spec, Token);
        var foreign = seam.Daemon.Look(spec.Name.ToString())!;
        ((JsonObject)foreign["config"]!).Remove("user.tidepool.workspace");
        var fault = await Assert.ThrowsAsync<RuntimeException>(() => seam.Runtime.CreateAsync(spec, Token));
        Assert.Equal((RuntimeFaults.NameTaken, false), (fault.Code, fault.IsTransient));
        await Assert.ThrowsAsync<RuntimeException>(() => seam.Runtime.DeleteAsync(spec.Name, Token));
        Assert.Same(foreign, seam.Daemon.Look(spec.Name.ToString()));
    }

    [Theory]
    [InlineData(412, "Precondition failed: ETag doesn't match", true)]
    [InlineData(409, "Instance is being changed", true)]
    [InlineData(423, "Locked", true)]
    [InlineData(429, "Too many requests", true)]
    [InlineData(503, "The daemon is starting up", true)]
    [InlineData(500, "database is locked", true)]
    [InlineData(400, "Invalid devices: Device validation failed", false)]
    [InlineData(403, "not authorized", false)]
    [InlineData(500, "Failed to write: no space left on device", false)]
    public async Task Transient_failures_are_distinguished_from_lasting_ones(int status, string error, bool passes)
    {
        var spec = seam.Spec();
        await seam.Runtime.CreateAsync(spec, Token);
        seam.Daemon.Behaves = Misbehaviours.Only(r => r.Method == "PUT", Misbehaviours.Refuses(status, error));
        Assert.Equal(passes, (await Assert.ThrowsAsync<RuntimeException>(() => seam.Runtime.StartAsync(spec.Name, Token))).IsTransient);
    }

    [Fact]
    public async Task A_full_pool_is_reported_with_its_name_and_what_helps()
    {
        seam.Daemon.Behaves = Misbehaviours.Only(r => r is { Method: "POST", Path.Value: "/1.0/instances" }, Misbehaviours.Refuses(500, "Failed creating: No space left on device"));
        var fault = await Assert.ThrowsAsync<RuntimeException>(() => seam.Runtime.CreateAsync(seam.Spec(), Token));
        Assert.Equal((RuntimeFaults.StorageFull, false), (fault.Code, fault.IsTransient));
        Assert.Contains($"'{IncusSeam.Pool}' is full", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Delete a workspace", fault.Message, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Runs it to its end while time flies, and returns how it failed and how much time flew.</summary>
    private async Task<(Exception? Fault, TimeSpan Took)> RunAsync(Func<Task> call)
    {
        var began = time.GetUtcNow();
        var running = call();
        while (!running.IsCompleted)
        {
            // While real bytes move, a moment of real time; then the next deadline.
            await Task.WhenAny(running, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token));
            if (!running.IsCompleted)
            {
                time.Advance(Tick);
            }
        }

        return (await Record.ExceptionAsync(() => running), time.GetUtcNow() - began);
    }

    private static async Task UntilAsync(Func<bool> check)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!check())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1), "It did not come to pass.");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Token);
        }
    }

    private static int Handles() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    private static IEnumerable<object[]> PathsIn(JsonNode? node) => node switch
    {
        JsonObject inner => inner.SelectMany(pair => PathsIn(pair.Value).Select(rest => (object[])[pair.Key, .. rest]).Prepend([pair.Key])),
        JsonArray list => list.SelectMany((item, index) => PathsIn(item).Select(rest => (object[])[index, .. rest]).Prepend([index])),
        _ => [],
    };

    private static void Replace(JsonNode node, object[] path, JsonNode? with)
    {
        foreach (var part in path[..^1])
        {
            node = part is int index ? node[index]! : node[(string)part]!;
        }

        if (path[^1] is int last)
        {
            node[last] = with;
        }
        else
        {
            node[(string)path[^1]] = with;
        }
    }
}
