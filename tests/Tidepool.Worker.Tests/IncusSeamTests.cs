using System.Text.Json.Nodes;
using Tidepool.Core.Workspaces;
using Tidepool.Testing.StandIns;

namespace Tidepool.Worker.Tests;

/// <summary>The whole worker while Incus is ill: it stays up, loses nothing, and comes to what was wanted once all is well.</summary>
public sealed class IncusSeamTests : IAsyncLifetime
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

    /// <summary>Each of them waits for its editor until its deadline, which is later than what the others are promised.</summary>
    [Fact]
    public async Task However_many_wait_for_their_editors_others_are_stopped_and_deleted()
    {
        var (stopped, deleted) = (await worker.CreateAsync("stopped"), await worker.CreateAsync("deleted"));
        await worker.UntilAsync(stopped, WorkspaceStatus.Running);
        await worker.UntilAsync(deleted, WorkspaceStatus.Running);

        worker.EditorsAnswer = false;
        for (var i = 0; i < 20; i++)
        {
            await worker.CreateAsync($"waits-{i}");
        }

        await worker.UntilAsync("16 of them wait", async () => (await worker.Store.ListAllAsync(default)).Count(w => w.Status == WorkspaceStatus.Creating && w.Address is not null) >= 16);
        await worker.StopAsync(stopped);
        await worker.DeleteAsync(deleted);
        await worker.UntilAsync(stopped, WorkspaceStatus.Stopped);
        await worker.UntilGoneAsync(deleted);
        Assert.True(worker.IsUp);
    }

    [Fact]
    public async Task While_Incus_hangs_the_worker_says_so_and_not_that_it_is_down_itself()
    {
        var workspace = await worker.CreateAsync("demo");
        await worker.UntilAsync(workspace, WorkspaceStatus.Running);
        worker.Incus.Behaves = Misbehaviours.HangsForEver;
        await worker.UntilAsync("the runtime is reported as down", async () => await worker.IsReportedAsync("runtime", false));
        for (var poll = 0; poll < 6; poll++)
        {
            await worker.PassAsync(TimeSpan.FromSeconds(4));
            Assert.True(await worker.IsReportedAsync("worker", true));
            Assert.True(await worker.IsReportedAsync("runtime", false));
        }

        worker.Incus.Behaves = Misbehaviours.Not;
        await worker.UntilAsync("the runtime is reported as up", async () => await worker.IsReportedAsync("runtime", true));
    }
}
