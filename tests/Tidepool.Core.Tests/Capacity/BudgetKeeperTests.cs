using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Capacity;

public sealed class BudgetKeeperTests : StoreTest
{
    private readonly InMemoryRuntime runtime = new();

    [Fact]
    public async Task What_was_used_last_comes_back_first()
    {
        await AddAsync("oldest", 1);
        await AddAsync("newest", 3);
        await AddAsync("middle", 2);

        await SweepAsync(CapacityBudget.Unlimited);

        Assert.Equal(["newest", "middle", "oldest"], await JobsAsync());
    }

    [Fact]
    public async Task What_there_is_no_room_for_any_more_is_wanted_stopped_and_says_why()
    {
        var oldest = await AddAsync("oldest", 1);
        var newest = await AddAsync("newest", 2);

        await SweepAsync(CapacityBudget.Unlimited with { MemoryMiB = newest.MemoryMiB });

        Assert.Equal(DesiredState.Stopped, (await Database.Store.FindAsync(oldest.Id, Token))!.Desired);
        Assert.Equal(DesiredState.Running, (await Database.Store.FindAsync(newest.Id, Token))!.Desired);
        var activity = (await Database.Activities.ListAsync(oldest.Id, 1, null, Token)).Items.Single();
        Assert.Equal((Verbs.Stop, Actor.System), (activity.Verb, activity.Actor));
        Assert.Contains("no room", activity.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_up_is_left_alone_however_small_the_budget_has_become()
    {
        var workspace = await AddAsync("busy", 1);
        await runtime.CreateAsync(new InstanceSpec(workspace.Instance, workspace.Name, new RuntimeImage("default", "1", AppContext.BaseDirectory), 2, 4096, new Dictionary<string, string>()), Token);
        await runtime.StartAsync(workspace.Instance, Token);

        await SweepAsync(new CapacityBudget(0, 0, 0, 0));

        Assert.Equal(DesiredState.Running, (await Database.Store.FindAsync(workspace.Id, Token))!.Desired);
    }

    private async Task<Workspace> AddAsync(string name, int accessedAt)
    {
        var workspace = Sample.Workspace(DesiredState.Running, WorkspaceStatus.Running, provisioned: true, name) with { LastAccessedAt = Sample.Start.AddHours(accessedAt) };
        var activity = new Activity(workspace.Id, workspace.Name, Verbs.Create, Actor.User, ActivityOutcome.Requested, null, null, Sample.Start);
        await Database.Store.AddAsync(workspace, activity, 10, CapacityBudget.Unlimited, Token);
        foreach (var job in await Database.Queue.ReceiveAsync(10, TimeSpan.FromMinutes(1), TimeSpan.Zero, Token))
        {
            await Database.Queue.CompleteAsync(job, Token);
        }

        return workspace;
    }

    private Task<int> SweepAsync(CapacityBudget budget) => Sample.Sweeper(Database.Store, Database.Activities, runtime, Database.Queue, budget).SweepAsync(Token);

    private async Task<IReadOnlyList<string>> JobsAsync()
    {
        var names = new List<string>();
        foreach (var job in await Database.Queue.ReceiveAsync(10, TimeSpan.FromMinutes(1), TimeSpan.Zero, Token))
        {
            names.Add((await Database.Store.FindAsync(job.Job.Workspace, Token))!.Name.Value);
        }

        return names;
    }
}
