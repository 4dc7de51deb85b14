using System.Collections.Concurrent;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Lifecycle;

/// <summary>
/// Decides when an in-between status has lasted too long. It measures elapsed time since this worker first checked each workspace,
/// because the clock may be set: a clock that was set back makes no deadline longer. A worker that first checks a workspace late gives
/// it <see cref="LifecycleOptions.MinimumRun"/>, once and not on every check. A new worker measures from its own first check.
/// </summary>
internal sealed class DeadlineWatch(LifecycleOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<WorkspaceId, FirstCheck> firstChecks = new();

    public bool IsOver(Workspace workspace)
    {
        if (workspace.DeadlineAt is not { } deadline)
        {
            return false;
        }

        var elapsed = time.GetElapsedTime(FirstCheckOf(workspace.Id, deadline).Since);
        return elapsed >= options.MinimumRun && (time.GetUtcNow() >= deadline || elapsed >= options.DeadlineOf(workspace.Status));
    }

    /// <summary>Keeps the fault of the last step, in case the deadline passes; null if it succeeded.</summary>
    public void Keep(Workspace workspace, RuntimeException? fault)
    {
        if (firstChecks.TryGetValue(workspace.Id, out var first) && first.Deadline == workspace.DeadlineAt)
        {
            first.LastFault = fault;
        }
    }

    /// <summary>Why the workspace is late: what its last step failed with, or that it took too long.</summary>
    public WorkspaceFault WhyLate(Workspace workspace) =>
        firstChecks.GetValueOrDefault(workspace.Id)?.LastFault is { } fault ? new WorkspaceFault(fault.Code, fault.Message) : LifecycleFaults.DeadlinePassed(workspace);

    /// <summary>The workspace is in no in-between status any more.</summary>
    public void Forget(WorkspaceId id) => firstChecks.TryRemove(id, out _);

    private FirstCheck FirstCheckOf(WorkspaceId id, DateTimeOffset deadline) =>
        firstChecks.AddOrUpdate(
            id,
            static (_, fresh) => fresh,
            static (_, known, fresh) => known.Deadline == fresh.Deadline ? known : fresh,
            new FirstCheck(deadline, time.GetTimestamp()));

    private sealed class FirstCheck(DateTimeOffset deadline, long since)
    {
        public DateTimeOffset Deadline => deadline;

        public long Since => since;

        public RuntimeException? LastFault { get; set; }
    }
}
