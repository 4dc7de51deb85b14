using System.Net;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Model;

/// <summary>
/// The runtime's daemon: takes requests, does them in its own time, each machine's in their order, and whether or not the
/// worker that asked still lives. Fails, lingers and answers with an old state where the model says so.
/// </summary>
internal sealed class ModelDaemon(Pump pump, ModelClock clock, InMemoryRuntime machines)
{
    private static readonly TimeSpan StaleFor = TimeSpan.FromSeconds(2);
    private readonly List<Operation> operations = [];
    private readonly Dictionary<InstanceName, (InstanceObservation? Before, TimeSpan At)> changes = [];
    private readonly HashSet<InstanceName> broken = [];

    public InMemoryRuntime Machines => machines;

    public Queue<DaemonFault> Faults { get; } = new();

    /// <summary>How long the next request takes.</summary>
    public TimeSpan NextDelay { get; set; }

    /// <summary>How many of the next polls are answered with an earlier state.</summary>
    public int StaleAnswers { get; set; }

    public TimeSpan DownUntil { get; set; }

    public TimeSpan EditorsSilentUntil { get; set; }

    /// <summary>How many requests took effect when no worker waited for them any more.</summary>
    public int LateEffects { get; private set; }

    public int StaleAnswersGiven { get; private set; }

    /// <summary>Whether a request for this machine was ever refused for good.</summary>
    public bool HasBroken(InstanceName name) => broken.Contains(name);

    public bool IsBusy => operations.Count > 0;

    /// <summary>Does the work and completes afterwards. The caller may be gone by then.</summary>
    /// <exception cref="RuntimeException">The model says so, or the machine does.</exception>
    public async Task DoAsync(ModelWorker worker, InstanceName name, Func<Task> work, CancellationToken cancellationToken)
    {
        var fault = NextFault();
        if (fault is { AnswerIsLost: false })
        {
            await pump.PassAsync(worker);
            throw Raise(fault.Value, name);
        }

        var operation = new Operation(name, clock.Passed + NextDelay, worker, cancellationToken);
        NextDelay = TimeSpan.Zero;
        operations.Add(operation);
        await CarryOutAsync(operation, work).WaitAsync(cancellationToken);
        await pump.PassAsync(worker);
        cancellationToken.ThrowIfCancellationRequested();
        if (fault is not null)
        {
            throw Raise(fault.Value, name);
        }
    }

    public async Task<T> LookAsync<T>(ModelWorker worker, Func<T> read, CancellationToken cancellationToken)
    {
        var fault = NextFault();
        await pump.PassAsync(worker);
        var seen = read();
        await pump.PassAsync(worker);
        cancellationToken.ThrowIfCancellationRequested();
        return fault is null ? seen : throw Raise(fault.Value.Permanent ? DaemonFault.Passing : fault.Value, null);
    }

    /// <summary>Whether an editor answers there now.</summary>
    public bool AnswersAt(IPAddress address) =>
        clock.Passed >= EditorsSilentUntil && machines.Names.Any(name => machines.Look(name) is { State: InstanceState.Running } seen && address.Equals(seen.Address));

    public InstanceObservation? Observe(InstanceName name)
    {
        if (StaleAnswers > 0 && changes.TryGetValue(name, out var change) && change.Before is { } before && clock.Passed - change.At < StaleFor)
        {
            StaleAnswers--;
            StaleAnswersGiven++;
            return before;
        }

        return machines.Look(name);
    }

    /// <summary>To be called before a machine changes, so that later polls can be answered with its earlier state.</summary>
    public void WillChange(InstanceName name) => changes[name] = (machines.Look(name), clock.Passed);

    /// <summary>Nothing fails any more; what was accepted is still done.</summary>
    public void Heal()
    {
        Faults.Clear();
        (NextDelay, StaleAnswers, DownUntil, EditorsSilentUntil) = (TimeSpan.Zero, 0, TimeSpan.Zero, TimeSpan.Zero);
    }

    private async Task CarryOutAsync(Operation operation, Func<Task> work)
    {
        try
        {
            await pump.PassAsync(null, () => clock.Passed >= operation.Due && operations.Find(o => o.Instance == operation.Instance) == operation);
            if (operation.Worker.IsDead || operation.Waiting.IsCancellationRequested)
            {
                LateEffects++;
            }

            WillChange(operation.Instance);
            await work();
        }
        finally
        {
            operations.Remove(operation);
        }
    }

    private DaemonFault? NextFault() =>
        clock.Passed < DownUntil ? new DaemonFault(RuntimeFaults.Unreachable, Permanent: false, AnswerIsLost: false)
        : Faults.TryDequeue(out var fault) ? fault
        : null;

    private RuntimeException Raise(DaemonFault fault, InstanceName? name)
    {
        if (fault.Permanent && name is { } whose)
        {
            broken.Add(whose);
        }

        return new RuntimeException(fault.Code, "The model says so.", !fault.Permanent);
    }

    private sealed record Operation(InstanceName Instance, TimeSpan Due, ModelWorker Worker, CancellationToken Waiting);
}

/// <summary>How a request fails: before it is accepted, or, with its answer lost, after it took effect.</summary>
internal readonly record struct DaemonFault(string Code, bool Permanent, bool AnswerIsLost)
{
    public static readonly DaemonFault Passing = new("model-flaky", Permanent: false, AnswerIsLost: false);

    public static readonly DaemonFault PassingAndDone = new("model-flaky", Permanent: false, AnswerIsLost: true);

    public static readonly DaemonFault Lasting = new("model-broken", Permanent: true, AnswerIsLost: false);
}
