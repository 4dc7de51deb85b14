using Tidepool.Core.Capacity;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Model;

/// <summary>
/// A whole Tidepool in memory: two workers, the store, the queue, the runtime's daemon, a user, and everything that may happen to
/// them. <see cref="Live(ModelLife, ModelReport)"/> lives one life through and checks after every turn what must always hold, and in the end
/// what must come to be.
/// </summary>
internal sealed partial class ModelWorld
{
    private const int MostTurnsAtOnce = 5_000;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    /// <summary>As long as anything may take once every part is well: the longest deadline, what a late worker is given, two sweeps, a job's return, a lease.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(200);

    public static readonly LifecycleOptions Options = new()
    {
        CreateDeadline = TimeSpan.FromSeconds(60),
        StartDeadline = TimeSpan.FromSeconds(40),
        StopDeadline = TimeSpan.FromSeconds(30),
        DeleteDeadline = TimeSpan.FromSeconds(30),
        MinimumRun = TimeSpan.FromSeconds(20),
        PollInterval = Step,
        RouteWait = TimeSpan.Zero,
    };

    /// <summary>Room for two of the three that there may be.</summary>
    public static readonly CapacityBudget Budget = CapacityBudget.Unlimited with { MemoryMiB = 2 * Sample.Workspace().MemoryMiB };

    private readonly ModelReport report;
    private readonly Random order;
    private readonly Pump pump;
    private readonly ModelClock clock = new();
    private readonly InMemoryJobTable jobs = new();
    private readonly InMemoryStore store;
    private readonly InMemoryRuntime machines = new();
    private readonly ModelDaemon daemon;
    private readonly ModelWorker[] workers = new ModelWorker[2];
    private readonly List<Expected> all = [];
    private readonly Expected?[] berths = new Expected?[3];
    private readonly Queue<StoreFault> storeFaults = new();
    private readonly Queue<string> story = new();
    private readonly Dictionary<string, string> lastOwner = [];
    private bool clockJumped;
    private bool mayBeLate;
    private string? broken;

    private ModelWorld(ModelLife life, ModelReport report)
    {
        this.report = report;
        order = new Random(life.Order);
        pump = new Pump(order);
        store = new InMemoryStore(jobs, clock);
        daemon = new ModelDaemon(pump, clock, machines);
    }

    /// <exception cref="ModelBrokenException">Something that must hold does not.</exception>
    public static void Live(ModelLife life, ModelReport report)
    {
        var before = SynchronizationContext.Current;
        var world = new ModelWorld(life, report);
        SynchronizationContext.SetSynchronizationContext(world.pump);
        try
        {
            world.Live(life);
        }
        catch (Exception fault) when (fault is not ModelBrokenException)
        {
            throw new ModelBrokenException($"{fault}\n{world.Story()}");
        }
        finally
        {
            world.workers.ToList().ForEach(worker => worker.Dispose());
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>Adds a line to the report of a broken model.</summary>
    public void Note(string line)
    {
        story.Enqueue($"{clock.Passed.TotalSeconds,7:0.0} s  {line}");
        if (story.Count > 150)
        {
            story.Dequeue();
        }
    }

    /// <summary>Something that must hold does not; reported once the turn is over.</summary>
    public void Break(string what)
    {
        Note($"BROKEN: {what}");
        broken ??= what;
    }

    public StoreFault NextStoreFault() => storeFaults.TryDequeue(out var fault) ? fault : StoreFault.None;

    /// <summary>A worker begins to act on a machine, which only the holder of its workspace's lease may do.</summary>
    public void Begins(ModelWorker worker, string verb, InstanceName name)
    {
        Note($"{worker.Owner}: {verb} {all.Find(e => e.Instance == name)?.Name} {name.ToString()[3..11]}");
        var resource = Reconciler.LeaseOn(name.Workspace);
        if (store.HolderOf(resource)?.Owner is { } holder && holder != worker.Owner && !clock.WentBothWaysWithin(Options.LeaseDuration))
        {
            Break($"{worker.Owner} begins to {verb} the machine of {name} while {holder} holds the lease.");
        }

        if (lastOwner.GetValueOrDefault(resource) is { } last && last != worker.Owner)
        {
            report.Count(ModelReport.TakenOver);
        }

        lastOwner[resource] = worker.Owner;
    }

    /// <summary>A worker's write about a workspace was taken, which only that of the lease's holder may be.</summary>
    public void Wrote(ModelWorker worker, Lease lease)
    {
        if (store.HolderOf(lease.Resource) is { } holder && (holder.Owner, holder.Epoch) != (worker.Owner, lease.Epoch))
        {
            Break($"{worker.Owner} wrote under epoch {lease.Epoch} while {holder.Owner} holds the lease under epoch {holder.Epoch}.");
        }
    }

    private void Live(ModelLife life)
    {
        for (var slot = 0; slot < workers.Length; slot++)
        {
            StartWorker(slot);
        }

        foreach (var happening in life.Events)
        {
            for (var i = 0; i < happening.StepsBefore && TryTurn(); i++)
            {
            }

            Note(happening.ToString());
            Happen(happening);
            report.Count($"happened: {happening.What}");
        }

        Rest();
        Heal();
        Remain(life.Remains);
        Heal();
        Converge();
        report.Count("lives");
        report.Count("turns", pump.Turns);
        report.Count(ModelReport.Late, daemon.LateEffects);
        report.Count(ModelReport.Stale, daemon.StaleAnswersGiven);
        report.Count("dead letters", jobs.DeadLetters);
        report.Count("simulated seconds", (long)clock.Passed.TotalSeconds);
    }

    private bool TryTurn()
    {
        var takers = jobs.NextVisibleAt <= clock.GetUtcNow() ? workers.Where(w => w.MayTakeJobs).Select(w => (Action)w.TakeJob).ToList() : [];
        var turned = pump.TryTurn(takers);
        CheckAlways();
        return turned;
    }

    /// <summary>Until no task can go on before time passes.</summary>
    private void Rest()
    {
        for (var turns = 0; TryTurn(); turns++)
        {
            if (turns > MostTurnsAtOnce)
            {
                Break("A task loops without waiting.");
            }
        }
    }

    private void Pass(TimeSpan time)
    {
        Rest();
        for (var passed = TimeSpan.Zero; passed < time; passed += Step)
        {
            clock.Advance(Step);
            Rest();
        }
    }

    private void StartWorker(int slot) =>
        workers[slot] = new ModelWorker(this, $"worker-{slot}", pump, clock, jobs, store, daemon, Options, order.NextDouble);

    /// <summary>Every worker lives, and nothing fails any more.</summary>
    private void Heal()
    {
        storeFaults.Clear();
        daemon.Heal();
        for (var slot = 0; slot < workers.Length; slot++)
        {
            workers[slot].GoOn();
            if (workers[slot].IsDead || workers[slot].IsStopping)
            {
                workers[slot].Crash();
                StartWorker(slot);
            }
        }
    }

    /// <summary>While something stays broken, every in-between state comes to an end all the same, and a deletion says what it waits for.</summary>
    private void Remain(Remains remains)
    {
        if (remains == Remains.Nothing)
        {
            return;
        }

        Note($"From now on: {remains}");
        mayBeLate = true;
        daemon.DownUntil = remains == Remains.RuntimeDown ? TimeSpan.MaxValue : TimeSpan.Zero;
        daemon.EditorsSilentUntil = remains == Remains.EditorSilent ? TimeSpan.MaxValue : TimeSpan.Zero;
        Pass(Timeout);
        foreach (var workspace in Read())
        {
            if (workspace is { Desired: DesiredState.Deleted, Fault: null } && remains == Remains.RuntimeDown)
            {
                Break($"{workspace.Name} is still being deleted, and no fault says why.");
            }
            else if (workspace.Desired == DesiredState.Deleted ? remains != Remains.RuntimeDown : !workspace.IsSettled)
            {
                Break($"{workspace.Name} is still {workspace.Status} although {workspace.Desired} was wanted {Timeout.TotalSeconds} s ago.");
            }
        }

        Tell();
    }

    private void Converge()
    {
        var waited = TimeSpan.Zero;
        for (; (daemon.IsBusy || Differences().Count > 0) && waited < Timeout; waited += Step)
        {
            Pass(Step);
        }

        report.Count(waited > TimeSpan.FromSeconds(60) ? "converged later than after a minute" : "converged within a minute");
        if (Differences() is [var first, ..])
        {
            Break($"{Timeout.TotalSeconds} s after all is well: {first}");
        }

        // And it stays so.
        Pass(Options.SweepInterval * 2);
        if (Differences() is [var again, ..])
        {
            Break($"It did not stay as it was wanted: {again}");
        }

        CheckWishes();
        Tell();
    }

    private void Tell()
    {
        if (broken is { } what)
        {
            throw new ModelBrokenException($"{what}\n{Story()}");
        }
    }

    private string Story() => string.Join('\n', story);

    private IReadOnlyList<Workspace> Read() => Now(store.ListAllAsync(CancellationToken.None));

    private Workspace? Find(Expected expected) => Now(store.FindAsync(expected.Id, CancellationToken.None));

    /// <summary>What the store in memory answers, which it does at once.</summary>
    private static T Now<T>(Task<T> task) => task.IsCompletedSuccessfully ? task.GetAwaiter().GetResult() : throw new InvalidOperationException("It was to answer at once.");
}

/// <summary>Something that must hold did not.</summary>
internal sealed class ModelBrokenException(string message) : Exception(message);
