using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Tidepool.Core.Workspaces;
using Tidepool.Testing.StandIns;

namespace Tidepool.Worker.Tests;

/// <summary>The whole worker while what it stands on is ill: it stays up, loses nothing, and comes to what was wanted once all is well.</summary>
public sealed class SeamTests : IAsyncLifetime
{
    private readonly WholeWorker worker = new();

    public async ValueTask InitializeAsync() => await worker.StartAsync();

    public ValueTask DisposeAsync() => worker.DisposeAsync();

    public static TheoryData<string> Illnesses => [.. All.Keys];

    private static Dictionary<string, Misbehaviour> All { get; } = new()
    {
        ["hangs for ever"] = Misbehaviours.HangsForEver,
        ["answers 500"] = Misbehaviours.Refuses(500, "Internal trouble"),
        ["does it and loses the answer"] = Misbehaviours.LosesTheAnswer,
        ["knows no pool"] = Misbehaviours.Refuses(404, "Storage pool not found"),
        ["is nowhere"] = Misbehaviours.Only(r => r.Method == "GET", Misbehaviours.Says(_ => JsonNode.Parse("""{"type":"sync","metadata":[{"name":7}]}"""))),
    };

    [Theory]
    [MemberData(nameof(Illnesses))]
    public async Task An_Incus_that_is_ill_loses_nothing_and_afterwards_all_is_as_wanted(string illness)
    {
        var (kept, stopped, deleted) = (await worker.CreateAsync("kept"), await worker.CreateAsync("stopped"), await worker.CreateAsync("deleted"));
        foreach (var workspace in new[] { kept, stopped, deleted })
        {
            await worker.UntilAsync(workspace, WorkspaceStatus.Running);
        }

        worker.Incus.Behaves = All[illness];
        await worker.StopAsync(stopped);
        await worker.DeleteAsync(deleted);
        var made = await worker.CreateAsync("made");
        await worker.PassAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(WorkspaceStatus.Running, (await worker.Store.FindAsync(kept.Id, default))!.Status);
        Assert.True(worker.IsUp);

        worker.Incus.Behaves = Misbehaviours.Not;
        await worker.UntilAsync(stopped, WorkspaceStatus.Stopped);
        await worker.UntilGoneAsync(deleted);
        await worker.UntilAsync(made, WorkspaceStatus.Running);
        await worker.UntilAsync(kept, WorkspaceStatus.Running);
        Assert.Equal(
            new Dictionary<string, bool> { [kept.Instance.ToString()] = true, [stopped.Instance.ToString()] = false, [made.Instance.ToString()] = true },
            worker.Incus.Machines.ToDictionary());
        Assert.Equal(4, worker.Incus.Made);
    }

    [Fact]
    public async Task While_Incus_hangs_the_worker_says_so_and_not_that_it_is_down_itself()
    {
        var workspace = await worker.CreateAsync("demo");
        await worker.UntilAsync(workspace, WorkspaceStatus.Running);
        worker.Incus.Behaves = Misbehaviours.HangsForEver;
        await worker.UntilAsync("the runtime is reported as down", async () => await IsAsync("runtime", false));
        for (var look = 0; look < 6; look++)
        {
            await worker.PassAsync(TimeSpan.FromSeconds(4));
            Assert.True(await IsAsync("worker", true));
            Assert.True(await IsAsync("runtime", false));
        }

        worker.Incus.Behaves = Misbehaviours.Not;
        await worker.UntilAsync("the runtime is reported as up", async () => await IsAsync("runtime", true));
    }

    [Fact]
    public async Task A_clock_that_is_set_an_hour_forward_and_back_stops_nothing()
    {
        var workspace = await worker.CreateAsync("demo");
        await worker.UntilAsync(workspace, WorkspaceStatus.Running);
        foreach (var hours in new[] { 1, -1, -1, 1, 2, -2 })
        {
            await worker.StopAsync(workspace);
            worker.Clock.Set(TimeSpan.FromHours(hours));
            await worker.UntilAsync(workspace, WorkspaceStatus.Stopped);

            // In the middle of what takes a while, with a back-off before it is tried again.
            worker.Incus.Behaves = Misbehaviours.Only(r => r.Method == "PUT", Misbehaviours.Refuses(503, "Busy"));
            await worker.StartAsync(workspace);
            await worker.PassAsync(TimeSpan.FromSeconds(3));
            worker.Clock.Set(TimeSpan.FromHours(-hours));
            await worker.PassAsync(TimeSpan.FromSeconds(3));
            worker.Clock.Set(TimeSpan.FromHours(hours));
            worker.Incus.Behaves = Misbehaviours.Not;
            await worker.UntilAsync(workspace, WorkspaceStatus.Running);
            await worker.UntilAsync("the runtime is reported as up", async () => await IsAsync("runtime", true));
        }

        Assert.Equal(1, worker.Incus.Made);
        await worker.DeleteAsync(workspace);
        await worker.UntilGoneAsync(workspace);
    }

    [Fact]
    public async Task A_database_that_another_holds_longer_than_anyone_waits_loses_nothing()
    {
        var (stopped, deleted) = (await worker.CreateAsync("stopped"), await worker.CreateAsync("deleted"));
        await worker.UntilAsync(stopped, WorkspaceStatus.Running);
        await worker.UntilAsync(deleted, WorkspaceStatus.Running);
        await worker.StopAsync(stopped);
        await worker.DeleteAsync(deleted);
        await using (var holder = new SqliteConnection($"Data Source={worker.Database};Pooling=False"))
        {
            await holder.OpenAsync(TestContext.Current.CancellationToken);
            await using var held = await holder.BeginTransactionAsync(System.Data.IsolationLevel.Serializable, TestContext.Current.CancellationToken);

            // Of real time: that is what SQLite waits by.
            await Task.Delay(TimeSpan.FromSeconds(8), TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.True(worker.IsUp);
        }

        await worker.UntilAsync(stopped, WorkspaceStatus.Stopped);
        await worker.UntilGoneAsync(deleted);
        var made = await worker.CreateAsync("made");
        await worker.UntilAsync(made, WorkspaceStatus.Running);
    }

    /// <summary>As the server would show it: what is long ago tells nothing.</summary>
    private async Task<bool> IsAsync(string component, bool healthy) =>
        (await worker.Board.ReadAsync(default)).Any(c => c.Component == component && c.Healthy == healthy && (worker.Clock.GetUtcNow() - c.At).Duration() < TimeSpan.FromSeconds(20));
}
