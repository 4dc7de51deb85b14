using Microsoft.Extensions.Time.Testing;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Logs;
using Tidepool.Core.Runtime;
using Tidepool.Core.Tests.Model;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Lifecycle;

/// <summary>Two workers on one real database: a worker that lost the lease, however it was lost, acts no more.</summary>
public sealed class TwoOwnersTests : StoreTest
{
    private readonly InMemoryRuntime machines = new();

    [Theory]
    [InlineData("Making the disk", false)]
    [InlineData("Booting", false)]
    [InlineData("Booting", true)]
    public async Task A_worker_that_was_paused_past_its_lease_does_nothing_when_it_wakes(string step, bool clockIsSetBack)
    {
        var workspace = await AddAsync();
        var clock = new ModelClock();
        var pause = new PauseAt(step);
        var first = Worker(clock, pause).ReconcileAsync(workspace.Id, "first", Token);
        await pause.Reached;

        // It stands between the write of what it is about to do and the deed, while another takes over and brings it to an end.
        var later = new FakeTimeProvider(Sample.Start + Sample.Options.LeaseDuration);
        Assert.IsType<ReconcileResult.Settled>(await Worker(later).ReconcileAsync(workspace.Id, "second", Token));
        var acted = new List<string>();
        machines.Before = (verb, _) =>
        {
            acted.Add(verb);
            return Task.CompletedTask;
        };

        // It wakes, and none of its timers has run yet.
        var paused = Sample.Options.LeaseDuration + TimeSpan.FromSeconds(1);
        clock.AdjustTime(Sample.Start + paused);
        clock.Set(clockIsSetBack ? -paused : TimeSpan.Zero);
        pause.GoOn();
        Assert.IsType<ReconcileResult.LeaseLost>(await first);
        Assert.DoesNotContain(acted, verb => verb != "observe");
        Assert.Equal(1, machines.Made[workspace.Instance]);
        Assert.Equal(WorkspaceStatus.Running, (await Database.Store.FindAsync(workspace.Id, Token))!.Status);
    }

    [Fact]
    public async Task A_worker_whose_write_is_refused_because_another_took_the_lease_ends_its_run()
    {
        var workspace = await AddAsync();
        machines.After = async (verb, _) =>
        {
            if (verb == "create")
            {
                // By a clock of its own, which runs ahead.
                var ahead = Sample.Start + Sample.Options.LeaseDuration;
                Assert.NotNull(await Database.Leases.TryAcquireAsync(Reconciler.LeaseOn(workspace.Id), "second", ahead, Sample.Options.LeaseDuration, Token));
            }
        };

        Assert.IsType<ReconcileResult.LeaseLost>(await Worker(new FakeTimeProvider(Sample.Start)).ReconcileAsync(workspace.Id, "first", Token));
        Assert.Equal(InstanceState.Stopped, machines.Look(workspace.Instance)!.State);
    }

    [Fact]
    public async Task A_worker_that_comes_back_under_its_name_takes_up_what_its_former_life_held()
    {
        var workspace = await AddAsync();
        Assert.NotNull(await Database.Leases.TryAcquireAsync(Reconciler.LeaseOn(workspace.Id), "worker", Sample.Start, Sample.Options.LeaseDuration, Token));

        Assert.IsType<ReconcileResult.Settled>(await Worker(new FakeTimeProvider(Sample.Start)).ReconcileAsync(workspace.Id, "worker", Token));
    }

    [Fact]
    public async Task A_late_job_of_a_workspace_that_is_gone_leaves_no_lease_behind()
    {
        var gone = WorkspaceId.New(TimeProvider.System);
        Assert.IsType<ReconcileResult.Settled>(await Worker(new FakeTimeProvider(Sample.Start)).ReconcileAsync(gone, "first", Token));

        // The first owner ever to hold the lease gets the first epoch.
        Assert.Equal(1, (await Database.Leases.TryAcquireAsync(Reconciler.LeaseOn(gone), "second", Sample.Start, Sample.Options.LeaseDuration, Token))!.Epoch);
    }

    private Reconciler Worker(TimeProvider time, IWorkspaceLog? log = null) =>
        Sample.Reconciler(Database.Store, Database.Leases, machines, new LifecycleOptions { RouteWait = TimeSpan.Zero }, time, log: log);

    private async Task<Workspace> AddAsync()
    {
        var workspace = Sample.Workspace();
        await Database.Store.AddAsync(workspace, Sample.Requested(workspace, Verbs.Create), 100, CapacityBudget.Unlimited, Token);
        return workspace;
    }

    /// <summary>A log that keeps its writer waiting at one step: it is written after the step was recorded, and before it is done.</summary>
    private sealed class PauseAt(string step) : NoLog
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => reached.Task;

        public void GoOn() => goOn.SetResult();

        public override async Task AppendAsync(WorkspaceName workspace, IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
        {
            if (entries.Any(e => e.Message.StartsWith(step, StringComparison.Ordinal)))
            {
                reached.SetResult();
                await goOn.Task;
            }
        }
    }
}
