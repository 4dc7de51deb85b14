namespace Tidepool.Core.Lifecycle;

/// <summary>How a run of the reconciler ended, which decides what becomes of its job.</summary>
public abstract record ReconcileResult
{
    private ReconcileResult()
    {
    }

    /// <summary>Wanted and seen agree, or only the user can go on. The job is done.</summary>
    public sealed record Settled : ReconcileResult;

    /// <summary>Another worker holds the workspace. Come back.</summary>
    public sealed record Busy : ReconcileResult;

    /// <summary>Something outside failed in a way that may pass. Come back.</summary>
    public sealed record Retry(string Reason) : ReconcileResult;

    /// <summary>The lease passed to another while this run was under way.</summary>
    public sealed record LeaseLost : ReconcileResult;
}
