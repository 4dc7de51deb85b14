using System.Net;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Lifecycle;

/// <summary>The reconciler over a real database and a runtime in memory that fails and crashes where a test asks for it.</summary>
public sealed class ReconcilerTests : StoreTest
{
    private readonly InMemoryRuntime runtime = new();
    private readonly LifecycleOptions options = new() { PollInterval = TimeSpan.FromMilliseconds(1), RouteWait = TimeSpan.FromMilliseconds(1), SecondLook = TimeSpan.FromMilliseconds(1), MinimumRun = TimeSpan.Zero };
    private readonly InMemoryBoundary firewall = new();

    [Fact]
    public async Task A_new_workspace_comes_to_run()
    {
        var workspace = await AddAsync();
        Assert.IsType<ReconcileResult.Settled>(await RunAsync(workspace.Id));

        var now = await Database.Store.FindAsync(workspace.Id, Token);
        Assert.Equal((WorkspaceStatus.Running, true), (now!.Status, now.Provisioned));
        Assert.NotNull(now.Address);
        Assert.Null(now.DeadlineAt);
        Assert.Null(now.Progress);
        Assert.Contains((await Database.Activities.ListAsync(workspace.Id, 10, null, Token)).Items, a => a is { Verb: Verbs.Create, Outcome: ActivityOutcome.Succeeded });
    }

    [Fact]
    public async Task A_clone_begins_with_the_disk_of_the_other_and_not_with_the_image()
    {
        var source = await AddAsync();
        await RunAsync(source.Id);
        var clone = await CloneAsync(source.Id);
        List<string> done = [];
        runtime.After = (verb, _) =>
        {
            done.Add(verb);
            return Task.CompletedTask;
        };

        await RunAsync(clone.Id);

        Assert.Equal(["clone", "start"], done);
        Assert.Equal(WorkspaceStatus.Running, (await Database.Store.FindAsync(clone.Id, Token))!.Status);
        Assert.Contains((await Database.Activities.ListAsync(clone.Id, 10, null, Token)).Items, a => a is { Verb: Verbs.Clone, Outcome: ActivityOutcome.Succeeded });
    }

    [Fact]
    public async Task A_clone_of_what_was_deleted_meanwhile_says_so()
    {
        var source = await AddAsync();
        await RunAsync(source.Id);
        var clone = await CloneAsync(source.Id);
        await runtime.DeleteAsync(source.Instance, Token);

        await RunAsync(clone.Id);

        var failed = (await Database.Store.FindAsync(clone.Id, Token))!;
        Assert.Equal((WorkspaceStatus.Error, RuntimeFaults.InstanceMissing), (failed.Status, failed.Fault!.Code));
    }

    [Theory]
    [InlineData("create", false)]
    [InlineData("create", true)]
    [InlineData("start", false)]
    [InlineData("start", true)]
    [InlineData("observe", false)]
    public async Task A_crash_in_any_step_of_a_create_is_resumed_and_makes_no_second_machine(string step, bool after)
    {
        var workspace = await AddAsync();
        using var life = new CancellationTokenSource();
        Task CrashAsync(string verb, InstanceName? name)
        {
            if (verb == step && !life.IsCancellationRequested)
            {
                life.Cancel();
                throw new OperationCanceledException("The worker was killed.");
            }

            return Task.CompletedTask;
        }

        if (after)
        {
            runtime.After = CrashAsync;
        }
        else
        {
            runtime.Before = CrashAsync;
        }

        await Assert.ThrowsAsync<OperationCanceledException>(() => RunAsync(workspace.Id, life.Token));
        Assert.IsType<ReconcileResult.Settled>(await RunAsync(workspace.Id));

        Assert.Equal(WorkspaceStatus.Running, (await Database.Store.FindAsync(workspace.Id, Token))!.Status);
        Assert.Single(runtime.Names);
    }

    [Fact]
    public async Task Nothing_is_started_before_the_firewall_rules_are_in_force()
    {
        runtime.Network = new WorkspaceNetwork("tp0", "tw", IPAddress.Parse("10.99.0.1"), IPNetwork.Parse("10.99.0.0/16"), true, []);
        firewall.Fails = true;
        var workspace = await AddAsync();
        Assert.IsType<ReconcileResult.Retry>(await RunAsync(workspace.Id));
        Assert.Equal(InstanceState.Stopped, (await runtime.ObserveAsync(workspace.Instance, Token))!.State);

        firewall.Fails = false;
        Assert.IsType<ReconcileResult.Settled>(await RunAsync(workspace.Id));
        Assert.NotNull(firewall.Standing);
        Assert.Equal(WorkspaceStatus.Running, (await Database.Store.FindAsync(workspace.Id, Token))!.Status);
    }

    [Fact]
    public async Task A_deletion_that_comes_during_a_create_wins()
    {
        var workspace = await AddAsync();
        runtime.After = async (verb, _) =>
        {
            if (verb == "start")
            {
                await WantAsync(workspace.Id, Verbs.Delete, WorkspaceIntents.Delete);
            }
        };

        Assert.IsType<ReconcileResult.Settled>(await RunAsync(workspace.Id));
        Assert.Null(await Database.Store.FindAsync(workspace.Id, Token));
        Assert.Empty(runtime.Names);
    }

    [Fact]
    public async Task Stop_start_and_delete_each_come_to_what_was_wanted()
    {
        var workspace = await AddAsync();
        await RunAsync(workspace.Id);

        await WantAsync(workspace.Id, Verbs.Stop, WorkspaceIntents.Stop);
        await RunAsync(workspace.Id);
        var stopped = await Database.Store.FindAsync(workspace.Id, Token);
        Assert.Equal(WorkspaceStatus.Stopped, stopped!.Status);
        Assert.Null(stopped.Address);

        await WantAsync(workspace.Id, Verbs.Start, WorkspaceIntents.Start);
        await RunAsync(workspace.Id);
        Assert.Equal(WorkspaceStatus.Running, (await Database.Store.FindAsync(workspace.Id, Token))!.Status);

        await WantAsync(workspace.Id, Verbs.Delete, WorkspaceIntents.Delete);
        await RunAsync(workspace.Id);
        Assert.Null(await Database.Store.FindAsync(workspace.Id, Token));
        Assert.Equal(1, runtime.Made[workspace.Instance]);
    }

    [Fact]
    public async Task A_transient_failure_is_retried_and_a_lasting_one_is_reported_to_the_user()
    {
        var workspace = await AddAsync();
        runtime.Before = (verb, _) => verb == "create" ? throw new RuntimeException("busy", "Busy.", isTransient: true) : Task.CompletedTask;
        Assert.IsType<ReconcileResult.Retry>(await RunAsync(workspace.Id));
        Assert.Equal(WorkspaceStatus.Creating, (await Database.Store.FindAsync(workspace.Id, Token))!.Status);

        runtime.Before = (verb, _) => verb == "create" ? throw new RuntimeException("broken", "It is broken; do this.", isTransient: false) : Task.CompletedTask;
        Assert.IsType<ReconcileResult.Settled>(await RunAsync(workspace.Id));
        var failed = await Database.Store.FindAsync(workspace.Id, Token);
        Assert.Equal((WorkspaceStatus.Error, "broken", "It is broken; do this."), (failed!.Status, failed.Fault!.Code, failed.Fault.Message));

        runtime.Before = (_, _) => Task.CompletedTask;
        await WantAsync(workspace.Id, Verbs.Start, WorkspaceIntents.Start);
        await RunAsync(workspace.Id);
        Assert.Equal(WorkspaceStatus.Running, (await Database.Store.FindAsync(workspace.Id, Token))!.Status);
    }

    [Fact]
    public async Task A_deletion_is_never_given_up()
    {
        var workspace = await AddAsync();
        await RunAsync(workspace.Id);
        await WantAsync(workspace.Id, Verbs.Delete, WorkspaceIntents.Delete);
        runtime.Before = (verb, _) => verb == "delete" ? throw new RuntimeException("broken", "It is broken.", isTransient: false) : Task.CompletedTask;
        Assert.IsType<ReconcileResult.Retry>(await RunAsync(workspace.Id));
        Assert.Equal(WorkspaceStatus.Deleting, (await Database.Store.FindAsync(workspace.Id, Token))!.Status);

        runtime.Before = (_, _) => Task.CompletedTask;
        await RunAsync(workspace.Id);
        Assert.Null(await Database.Store.FindAsync(workspace.Id, Token));
    }

    [Fact]
    public async Task A_guest_that_shut_down_is_left_stopped_and_what_the_host_took_down_comes_back()
    {
        var workspace = await AddAsync();
        await RunAsync(workspace.Id);
        runtime.GoDown(workspace.Instance, StopCause.Host);
        await RunAsync(workspace.Id);
        Assert.Equal(WorkspaceStatus.Running, (await Database.Store.FindAsync(workspace.Id, Token))!.Status);

        runtime.GoDown(workspace.Instance, StopCause.Guest);
        await RunAsync(workspace.Id);
        var now = await Database.Store.FindAsync(workspace.Id, Token);
        Assert.Equal((DesiredState.Stopped, WorkspaceStatus.Stopped), (now!.Desired, now.Status));
    }

    [Fact]
    public async Task A_machine_that_was_removed_outside_is_reported_and_never_remade()
    {
        var workspace = await AddAsync();
        await RunAsync(workspace.Id);
        runtime.Lose(workspace.Instance);
        await RunAsync(workspace.Id);
        Assert.Equal("instance-lost", (await Database.Store.FindAsync(workspace.Id, Token))!.Fault?.Code);
        Assert.Equal(1, runtime.Made[workspace.Instance]);
    }

    [Fact]
    public async Task A_workspace_that_another_worker_holds_is_left_alone()
    {
        var workspace = await AddAsync();
        await Database.Leases.TryAcquireAsync(Reconciler.LeaseOn(workspace.Id), "another", TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(1), Token);
        Assert.IsType<ReconcileResult.Busy>(await RunAsync(workspace.Id));
        Assert.Empty(runtime.Names);
    }

    [Fact]
    public async Task A_sweep_asks_for_whatever_does_not_agree_and_for_nothing_else()
    {
        var settled = await AddAsync("settled");
        var unsettled = await AddAsync("unsettled");
        await RunAsync(settled.Id);
        await DrainAsync();

        Assert.Equal(1, await Sample.Sweeper(Database.Store, Database.Activities, runtime, Database.Queue).SweepAsync(Token));
        Assert.Equal([unsettled.Id], await DrainAsync());

        runtime.GoDown(settled.Instance, StopCause.Host);
        Assert.Equal(2, await Sample.Sweeper(Database.Store, Database.Activities, runtime, Database.Queue).SweepAsync(Token));
    }

    private async Task<Workspace> CloneAsync(WorkspaceId id)
    {
        var source = (await Database.Store.FindAsync(id, Token))!;
        var now = TimeProvider.System.GetUtcNow();
        var clone = Assert.IsType<Decision.Accepted>(WorkspaceIntents.Clone(source, WorkspaceId.New(TimeProvider.System), WorkspaceName.Parse("the-copy"), options, now)).Workspace;
        await Database.Store.AddAsync(clone, Sample.Requested(clone, Verbs.Clone), 100, CapacityBudget.Unlimited, Token);
        return clone;
    }

    private async Task<List<WorkspaceId>> DrainAsync()
    {
        var jobs = await Database.Queue.ReceiveAsync(10, TimeSpan.FromMinutes(1), TimeSpan.Zero, Token);
        foreach (var job in jobs)
        {
            await Database.Queue.CompleteAsync(job, Token);
        }

        return [.. jobs.Select(job => job.Job.Workspace)];
    }

    private async Task<Workspace> AddAsync(string name = "demo")
    {
        var now = TimeProvider.System.GetUtcNow();
        var workspace = WorkspaceIntents.Towards(Sample.Workspace(name: name) with { CreatedAt = now, UpdatedAt = now }, WorkspaceStatus.Creating, options, now);
        await Database.Store.AddAsync(workspace, Sample.Requested(workspace, Verbs.Create), 100, CapacityBudget.Unlimited, Token);
        return workspace;
    }

    private async Task WantAsync(WorkspaceId id, string verb, Func<Workspace, LifecycleOptions, DateTimeOffset, Decision> intent)
    {
        var workspace = (await Database.Store.FindAsync(id, CancellationToken.None))!;
        var accepted = Assert.IsType<Decision.Accepted>(intent(workspace, options, TimeProvider.System.GetUtcNow()));
        Assert.True(await Database.Store.TrySaveIntentAsync(accepted.Workspace, Sample.Requested(workspace, verb), CancellationToken.None));
    }

    private Task<ReconcileResult> RunAsync(WorkspaceId id, CancellationToken? token = null) =>
        Sample.Reconciler(Database.Store, Database.Leases, runtime, options, firewall: firewall).ReconcileAsync(id, "tests", token ?? Token);
}
