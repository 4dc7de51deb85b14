using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Jobs;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Runtime;
using Tidepool.Core.Tests.Model;
using Tidepool.Core.Workspaces;
using Tidepool.Queue;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Jobs;

/// <summary>What becomes of a job: done, given back, or dead, and of its workspace then.</summary>
public sealed class JobRunnerTests : IDisposable
{
    private readonly ModelClock clock = new();
    private readonly InMemoryRuntime runtime = new();
    private readonly InMemoryJobTable table = new();
    private readonly InMemoryStore store;
    private readonly ServiceProvider services;
    private readonly IJobQueue queue;
    private readonly JobRunner runner;

    public JobRunnerTests()
    {
        store = new InMemoryStore(table, clock);
        services = new ServiceCollection().AddSingleton<TimeProvider>(clock).AddSingleton<IJobTable>(table).AddEmbeddedQueue().BuildServiceProvider();
        queue = services.GetRequiredService<IJobQueue>();
        var reconciler = Sample.Reconciler(store, store, runtime, new LifecycleOptions { RouteWait = TimeSpan.Zero }, clock);
        runner = new JobRunner(queue, reconciler, new BackOff(() => 0.5), clock, NullLogger<JobRunner>.Instance);
    }

    public void Dispose() => services.Dispose();

    [Fact]
    public async Task A_job_is_gone_once_its_workspace_is_as_wanted()
    {
        await AddAsync();
        await RunNextAsync();
        Assert.Null(table.NextVisibleAt);
    }

    [Fact]
    public async Task A_job_that_failed_outside_comes_back_later_each_time()
    {
        await AddAsync();
        runtime.Before = (verb, _) => verb == "create" ? throw new RuntimeException("busy", "It is busy.", isTransient: true) : Task.CompletedTask;
        var waits = new List<double>();
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            await RunNextAsync();
            waits.Add((table.NextVisibleAt!.Value - clock.GetUtcNow()).TotalSeconds);
            clock.Advance(table.NextVisibleAt.Value - clock.GetUtcNow());
        }

        Assert.Equal([0.5, 1, 2, 4, 8], waits);
    }

    [Fact]
    public async Task Of_many_jobs_for_one_workspace_one_is_worked_on_and_one_waits()
    {
        var workspace = await AddAsync();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        runtime.Before = async (verb, _) =>
        {
            if (verb == "create")
            {
                begun.SetResult();
                await goOn.Task;
            }
        };
        var jobs = new List<ReceivedJob>();
        for (var i = 0; i < 3; i++)
        {
            await queue.SendAsync(new Job(workspace.Id), TimeSpan.Zero, default);
            jobs.AddRange(await queue.ReceiveAsync(1, JobRunner.Visibility, TimeSpan.Zero, default));
        }

        var first = runner.RunAsync(jobs[0], "worker", default);
        await begun.Task;
        var second = runner.RunAsync(jobs[1], "worker", default);

        // The third is done at once: the second runs later than now.
        await runner.RunAsync(jobs[2], "worker", default);
        Assert.False(second.IsCompleted);
        goOn.SetResult();
        await Task.WhenAll(first, second);
        Assert.Null(table.NextVisibleAt);
        Assert.Equal(1, runtime.Made[workspace.Instance]);
    }

    /// <summary>
    /// The user sees the workspace, not a dead letter. The sweep sends its job again until it is as wanted or in error with a
    /// reason, and from there a start is the retry.
    /// </summary>
    [Fact]
    public async Task A_workspace_whose_job_died_shows_its_user_a_reason_and_can_be_tried_again()
    {
        var workspace = await AddAsync();
        runtime.Before = (verb, _) => verb == "create" ? throw new RuntimeException("busy", "It is busy; free some.", isTransient: true) : Task.CompletedTask;
        var sweeper = Sample.Sweeper(store, store, runtime, queue);
        for (var seconds = 0; (await FindAsync(workspace.Id)).Status == WorkspaceStatus.Creating; seconds++)
        {
            Assert.True(seconds < 600, "It is being created for ever.");
            if (seconds % Sample.Options.SweepInterval.TotalSeconds == 0)
            {
                await sweeper.SweepAsync(default);
            }

            await RunNextAsync();
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.NotEmpty(await queue.ListDeadAsync(10, default));
        var failed = await FindAsync(workspace.Id);
        Assert.Equal((WorkspaceStatus.Error, "It is busy; free some."), (failed.Status, failed.Fault!.Message));

        runtime.Before = (_, _) => Task.CompletedTask;
        var again = Assert.IsType<Decision.Accepted>(WorkspaceIntents.Start(failed, Sample.Options, clock.GetUtcNow()));
        Assert.True(await store.TrySaveIntentAsync(again.Workspace, Sample.Requested(failed, Verbs.Start), default));
        for (var jobs = 0; jobs < 10 && table.NextVisibleAt is not null; jobs++)
        {
            await RunNextAsync();
            clock.Advance(TimeSpan.FromSeconds(15));
        }

        Assert.Equal(WorkspaceStatus.Running, (await FindAsync(workspace.Id)).Status);
    }

    private async Task RunNextAsync()
    {
        foreach (var job in await queue.ReceiveAsync(1, JobRunner.Visibility, TimeSpan.Zero, default))
        {
            await runner.RunAsync(job, "worker", default);
        }
    }

    private async Task<Workspace> AddAsync()
    {
        var workspace = Sample.Workspace();
        await store.AddAsync(workspace, Sample.Requested(workspace, Verbs.Create), 100, CapacityBudget.Unlimited, default);
        return workspace;
    }

    private async Task<Workspace> FindAsync(WorkspaceId id) => (await store.FindAsync(id, default))!;
}
