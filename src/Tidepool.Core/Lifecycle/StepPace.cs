namespace Tidepool.Core.Lifecycle;

/// <summary>Keeps one run from going round in a storm where a step has no effect, or none that lasts.</summary>
internal sealed class StepPace(LifecycleOptions options, TimeProvider time)
{
    private bool started;
    private LifecycleStep? last;

    /// <summary>To be called before each step.</summary>
    public Task WaitAsync(LifecycleStep step, CancellationToken cancellationToken)
    {
        var pause = step switch
        {
            // A guest that goes down as soon as it is up is started again, but not at once.
            LifecycleStep.Start => started ? options.RestartInterval : TimeSpan.Zero,

            // These wait by themselves.
            LifecycleStep.Wait or LifecycleStep.AwaitEditor => TimeSpan.Zero,
            _ => step == last ? options.PollInterval : TimeSpan.Zero,
        };
        started |= step == LifecycleStep.Start;
        last = step;
        return pause == TimeSpan.Zero ? Task.CompletedTask : Task.Delay(pause, time, cancellationToken);
    }
}
