using Microsoft.Extensions.Time.Testing;

namespace Tidepool.Queue.Tests;

/// <summary>Waiting for things that wait for a clock, or for another thread.</summary>
internal static class Clock
{
    /// <summary>How long a test waits, in real time, before it gives up on what has to happen.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public static Task<T> InTime<T>(this Task<T> task) => task.WaitAsync(Timeout);

    public static Task InTime(this Task task) => task.WaitAsync(Timeout);

    /// <summary>Lets the clock run, step by step, until the task is done: it may set its timers at any moment.</summary>
    public static async Task<T> RunUntilAsync<T>(this FakeTimeProvider time, Task<T> task)
    {
        await RunUntilAsync(time, (Task)task);
        return await task;
    }

    public static async Task RunUntilAsync(this FakeTimeProvider time, Task task)
    {
        using var impatient = new CancellationTokenSource(Timeout);
        while (!task.IsCompleted)
        {
            impatient.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        await task;
    }
}
