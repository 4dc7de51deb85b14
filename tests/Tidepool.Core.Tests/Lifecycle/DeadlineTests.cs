using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Runtime;
using Tidepool.Core.Tests.Model;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Lifecycle;

/// <summary>Every in-between state has an end, whatever keeps failing and however the clock is set.</summary>
public sealed class DeadlineTests
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private readonly ModelClock clock = new();
    private readonly InMemoryRuntime runtime = new();
    private readonly InMemoryStore store;

    public DeadlineTests() => store = new InMemoryStore(new InMemoryJobTable(), clock);

    [Theory]
    [InlineData(WorkspaceStatus.Creating, "observe")]
    [InlineData(WorkspaceStatus.Creating, "create")]
    [InlineData(WorkspaceStatus.Starting, "start")]
    [InlineData(WorkspaceStatus.Stopping, "stop")]
    public async Task However_often_it_is_tried_it_ends_in_an_error_once_its_deadline_has_passed_and_can_be_tried_again(WorkspaceStatus status, string failing)
    {
        var workspace = await AddAsync(status);
        runtime.Before = (verb, _) => verb == failing ? throw new RuntimeException("busy", "It is busy.", isTransient: true) : Task.CompletedTask;
        var worker = Worker();

        Assert.InRange(await UntilErrorAsync(worker, workspace.Id), Sample.Options.DeadlineOf(status), Sample.Options.DeadlineOf(status) + (2 * Retry));
        Assert.Equal("busy", (await FindAsync(workspace.Id)).Fault!.Code);

        runtime.Before = (_, _) => Task.CompletedTask;
        await WantAsync(workspace.Id, Verbs.Start, WorkspaceIntents.Start);
        Assert.IsType<ReconcileResult.Settled>(await worker.ReconcileAsync(workspace.Id, "worker", default));
        Assert.Equal(WorkspaceStatus.Running, (await FindAsync(workspace.Id)).Status);
    }

    [Fact]
    public async Task A_step_that_fails_unexpectedly_ends_in_an_error_too()
    {
        var workspace = await AddAsync(WorkspaceStatus.Creating);
        runtime.Before = (verb, _) => verb == "observe" ? throw new InvalidOperationException("A bug.") : Task.CompletedTask;

        await UntilErrorAsync(Worker(), workspace.Id);
        Assert.Equal("internal-error", (await FindAsync(workspace.Id)).Fault!.Code);
    }

    [Fact]
    public async Task A_worker_that_comes_late_gives_a_workspace_a_while_and_only_once()
    {
        var workspace = await AddAsync(WorkspaceStatus.Starting);
        clock.Advance(TimeSpan.FromHours(8));
        runtime.Before = (verb, _) => verb == "start" ? throw new RuntimeException("busy", "It is busy.", isTransient: true) : Task.CompletedTask;

        Assert.InRange(await UntilErrorAsync(Worker(), workspace.Id), Sample.Options.MinimumRun, Sample.Options.MinimumRun + (2 * Retry));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_clock_that_is_set_makes_no_deadline_longer_and_none_pass_at_once(int hours)
    {
        var workspace = await AddAsync(WorkspaceStatus.Creating);
        runtime.Before = (verb, _) => verb == "create" ? throw new RuntimeException("busy", "It is busy.", isTransient: true) : Task.CompletedTask;
        var worker = Worker();
        await worker.ReconcileAsync(workspace.Id, "worker", default);
        clock.Set(TimeSpan.FromHours(hours));

        Assert.InRange(await UntilErrorAsync(worker, workspace.Id), Sample.Options.MinimumRun, Sample.Options.CreateDeadline + (2 * Retry));
    }

    [Fact]
    public async Task A_deletion_that_takes_too_long_says_so_and_goes_on()
    {
        var workspace = await AddAsync(WorkspaceStatus.Running);
        await WantAsync(workspace.Id, Verbs.Delete, WorkspaceIntents.Delete);
        var asked = 0;
        runtime.Before = (verb, _) => verb == "delete" && ++asked < 300 ? throw new OperationNotDoneException() : Task.CompletedTask;
        var worker = Worker();
        while (clock.Passed < Sample.Options.DeleteDeadline + Retry)
        {
            await worker.ReconcileAsync(workspace.Id, "worker", default);
            clock.Advance(Retry);
        }

        var deleting = await FindAsync(workspace.Id);
        Assert.Equal((WorkspaceStatus.Deleting, true), (deleting.Status, deleting.Fault is not null));

        // Who asks again gets another try at once.
        await WantAsync(workspace.Id, Verbs.Delete, WorkspaceIntents.Delete);
        Assert.Null((await FindAsync(workspace.Id)).Fault);
        asked = 300;
        Assert.IsType<ReconcileResult.Settled>(await worker.ReconcileAsync(workspace.Id, "worker", default));
        Assert.Null(await store.FindAsync(workspace.Id, default));
    }

    /// <summary>Every status there is, with every intent: those in between have a deadline, and the others none.</summary>
    [Fact]
    public async Task Every_state_in_between_has_a_deadline_and_no_other_has_one()
    {
        foreach (var status in Enum.GetValues<WorkspaceStatus>())
        {
            var lasts = Sample.Options.DeadlineOf(status);
            var settled = status is WorkspaceStatus.Running or WorkspaceStatus.Stopped or WorkspaceStatus.Error;
            Assert.Equal(settled, lasts == Timeout.InfiniteTimeSpan);
        }

        var workspace = await AddAsync(WorkspaceStatus.Creating);
        await Worker().ReconcileAsync(workspace.Id, "worker", default);
        Assert.Null((await FindAsync(workspace.Id)).DeadlineAt);
        foreach (var (verb, intent) in new (string, Func<Workspace, LifecycleOptions, DateTimeOffset, Decision>)[]
            { (Verbs.Stop, WorkspaceIntents.Stop), (Verbs.Start, WorkspaceIntents.Start), (Verbs.Delete, WorkspaceIntents.Delete) })
        {
            await WantAsync(workspace.Id, verb, intent);
            Assert.NotNull((await FindAsync(workspace.Id)).DeadlineAt);
        }
    }

    private Reconciler Worker() => Sample.Reconciler(store, store, runtime, new LifecycleOptions { RouteWait = TimeSpan.Zero }, clock);

    /// <summary>How long it took, with a try every few seconds.</summary>
    private async Task<TimeSpan> UntilErrorAsync(Reconciler worker, WorkspaceId id)
    {
        var began = clock.Passed;
        while ((await FindAsync(id)).Status != WorkspaceStatus.Error)
        {
            Assert.True(clock.Passed - began < TimeSpan.FromHours(1), "It stays in between for ever.");
            await worker.ReconcileAsync(id, "worker", default);
            clock.Advance(Retry);
        }

        return clock.Passed - began;
    }

    private async Task<Workspace> AddAsync(WorkspaceStatus status)
    {
        var workspace = Sample.Workspace(status == WorkspaceStatus.Stopping ? DesiredState.Stopped : DesiredState.Running, status, provisioned: status != WorkspaceStatus.Creating);
        if (status != WorkspaceStatus.Creating)
        {
            await runtime.CreateAsync(new InstanceSpec(workspace.Instance, workspace.Name, new OneImage().Find("default")!, 1, 512, new Dictionary<string, string>()), default);
        }

        if (status is WorkspaceStatus.Stopping or WorkspaceStatus.Running)
        {
            await runtime.StartAsync(workspace.Instance, default);
        }

        await store.AddAsync(workspace, Sample.Requested(workspace, Verbs.Create), 100, CapacityBudget.Unlimited, default);
        return workspace;
    }

    private async Task<Workspace> FindAsync(WorkspaceId id) => (await store.FindAsync(id, default))!;

    private async Task WantAsync(WorkspaceId id, string verb, Func<Workspace, LifecycleOptions, DateTimeOffset, Decision> intent)
    {
        var workspace = await FindAsync(id);
        var accepted = Assert.IsType<Decision.Accepted>(intent(workspace, Sample.Options, clock.GetUtcNow()));
        Assert.True(await store.TrySaveIntentAsync(accepted.Workspace, Sample.Requested(workspace, verb), default));
    }

    /// <summary>As an adapter would never throw it.</summary>
    private sealed class OperationNotDoneException : Exception;
}
