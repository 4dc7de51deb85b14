using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tidepool.Core.Capacity;
using Tidepool.Core.Jobs;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Routing;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Model;

/// <summary>One life of a worker: the real job runner, reconciler and sweeper, over seams that the model can close.</summary>
internal sealed class ModelWorker : IDisposable
{
    private const int MaxAttempts = 10;
    private readonly CancellationTokenSource stopping = new();
    private readonly InMemoryJobTable jobs;
    private readonly WorkerClock clock;
    private readonly JobRunner runner;
    private readonly Sweeper sweeper;
    private readonly Pump pump;

    public ModelWorker(ModelWorld world, string owner, Pump pump, ModelClock host, InMemoryJobTable jobs, InMemoryStore store, ModelDaemon daemon, LifecycleOptions options, Func<double> jitter)
    {
        (World, Owner, this.pump, this.jobs) = (world, owner, pump, jobs);
        clock = new WorkerClock(host, this);
        var reached = new WorkerStore(this, store);
        var runtime = new WorkerRuntime(this, daemon);
        var queue = new WorkerQueue(this, jobs, clock);
        var boundary = Sample.Boundary(reached, runtime);
        var routes = new RoutePublisher(reached, new NoRoutes(), boundary, options, clock, NullLogger<RoutePublisher>.Instance);
        var reconciler = new Reconciler(
            reached, reached, runtime, new OneImage(), runtime, routes, boundary, new NoLog(), options, clock, new Listener<Reconciler>(this));
        runner = new JobRunner(queue, reconciler, new BackOff(jitter), clock, new Listener<JobRunner>(this));
        sweeper = new Sweeper(
            reached,
            runtime,
            queue,
            new BudgetKeeper(reached, ModelWorld.Budget, options, clock, new Listener<BudgetKeeper>(this)),
            new OrphanMachines(reached, reached, runtime, new Listener<OrphanMachines>(this)),
            NullLogger<Sweeper>.Instance);
        _ = SweepAsync(options.SweepInterval);
    }

    public ModelWorld World { get; }

    /// <summary>The same in every life, as the real worker's is.</summary>
    public string Owner { get; }

    public bool IsDead { get; private set; }

    public bool IsPaused { get; private set; }

    public bool IsStopping => stopping.IsCancellationRequested;

    /// <summary>Completes when it is this worker's turn; never after its death.</summary>
    public Task PassAsync() => pump.PassAsync(this);

    public void Crash() => IsDead = true;

    public void Pause() => IsPaused = true;

    public void GoOn() => IsPaused = false;

    public void Stop() => stopping.Cancel();

    /// <summary>A timer of this worker's fired.</summary>
    public void Wake(Action timer)
    {
        if (IsPaused)
        {
            pump.Later(this, timer);
        }
        else if (!IsDead)
        {
            timer();
        }
    }

    public bool MayTakeJobs => !IsDead && !IsPaused && !IsStopping;

    public void TakeJob() => _ = TakeJobAsync();

    public void Dispose() => stopping.Dispose();

    private async Task TakeJobAsync()
    {
        var now = clock.GetUtcNow();
        foreach (var job in await jobs.TakeAsync(1, now, now + JobRunner.Visibility, MaxAttempts, CancellationToken.None))
        {
            World.Note($"{Owner}: takes job {job.Id} of {job.Job.Workspace} attempt {job.Attempt}");
            await runner.RunAsync(job, Owner, stopping.Token);
            World.Note($"{Owner}: done with job {job.Id}");
        }
    }

    private async Task SweepAsync(TimeSpan interval)
    {
        while (!IsStopping)
        {
            try
            {
                await sweeper.SweepAsync(stopping.Token);
            }
            catch (Exception fault) when (fault is StoreException or RuntimeException or OperationCanceledException)
            {
                World.Note($"{Owner}: the sweep saw not everything");
            }
            catch (Exception fault)
            {
                World.Break($"{Owner}: the sweep failed with {fault}");
            }

            await Task.Delay(interval, clock, CancellationToken.None);
        }
    }

    /// <summary>Hears what the worker logs: the story, and what no worker should ever have to log.</summary>
    private sealed class Listener<T>(ModelWorker worker) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            worker.World.Note($"{worker.Owner}: {formatter(state, exception)}");
            if (exception is not (null or StoreException or RuntimeException or OperationCanceledException))
            {
                worker.World.Break($"{worker.Owner} failed with {exception}");
            }
        }
    }
}
