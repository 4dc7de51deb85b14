namespace Tidepool.Core.Tests.Model;

/// <summary>
/// Runs everything of a model on one thread. A task that asks for something outside waits at a gate until it is its turn; the model
/// chooses the order of the turns, so one seed gives one life, always the same.
/// </summary>
internal sealed class Pump(Random order) : SynchronizationContext
{
    private readonly int thread = Environment.CurrentManagedThreadId;
    private readonly Queue<(SendOrPostCallback Callback, object? State)> ready = new();
    private readonly List<Turn> waiting = [];

    /// <summary>How many turns were taken.</summary>
    public int Turns { get; private set; }

    /// <summary>Completes when it is the caller's turn; never if <paramref name="worker"/> dies before.</summary>
    public Task PassAsync(ModelWorker? worker, Func<bool>? when = null)
    {
        var turn = new TaskCompletionSource();
        waiting.Add(new Turn(worker, when, turn.SetResult));
        return turn.Task;
    }

    /// <summary>Has something happen at some turn.</summary>
    public void Later(ModelWorker? worker, Action action) => waiting.Add(new Turn(worker, null, action));

    /// <summary>Gives a turn to one of the tasks that may have one; false if none may. A choice besides those at the gates may be offered.</summary>
    public bool TryTurn(IReadOnlyList<Action> others)
    {
        RunReady();
        waiting.RemoveAll(turn => turn.Worker is { IsDead: true });
        var open = waiting.Where(turn => turn.Worker is not { IsPaused: true } && turn.When?.Invoke() != false).ToList();
        if (open.Count + others.Count == 0)
        {
            return false;
        }

        var chosen = order.Next(open.Count + others.Count);
        Turns++;
        if (chosen < open.Count)
        {
            waiting.Remove(open[chosen]);
            open[chosen].Action();
        }
        else
        {
            others[chosen - open.Count]();
        }

        RunReady();
        return true;
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        // Where a thread of its own comes in, a seed would no longer tell what happens.
        Assert.Equal(thread, Environment.CurrentManagedThreadId);
        ready.Enqueue((d, state));
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public override SynchronizationContext CreateCopy() => this;

    public void RunReady()
    {
        while (ready.TryDequeue(out var next))
        {
            next.Callback(next.State);
        }
    }

    private sealed record Turn(ModelWorker? Worker, Func<bool>? When, Action Action);
}
