using System.Collections.Concurrent;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Lifecycle;

/// <summary>
/// Tells when an in-between status has lasted too long. Knows since when this worker has looked at each, by the time that passed and
/// not by the clock, which somebody may set: one who comes late gives a workspace <see cref="LifecycleOptions.MinimumRun"/> all the
/// same, once and not at every look, and a clock that was set back makes no deadline longer. A new worker begins anew.
/// </summary>
internal sealed class DeadlineWatch(LifecycleOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<WorkspaceId, FirstLook> looks = new();

    public bool IsOver(Workspace workspace)
    {
        if (workspace.DeadlineAt is not { } deadline)
        {
            return false;
        }

        var looked = time.GetElapsedTime(Look(workspace.Id, deadline).Since);
        return looked >= options.MinimumRun && (time.GetUtcNow() >= deadline || looked >= options.DeadlineOf(workspace.Status));
    }

    /// <summary>Keeps what a step came to, for the day the deadline passes; null if it succeeded.</summary>
    public void Keep(Workspace workspace, RuntimeException? fault)
    {
        if (looks.TryGetValue(workspace.Id, out var look) && look.Deadline == workspace.DeadlineAt)
        {
            look.LastFault = fault;
        }
    }

    /// <summary>Why the workspace is late: what its last step failed with, or that it took too long.</summary>
    public WorkspaceFault WhyLate(Workspace workspace) =>
        looks.GetValueOrDefault(workspace.Id)?.LastFault is { } fault ? new WorkspaceFault(fault.Code, fault.Message) : LifecycleFaults.DeadlinePassed(workspace);

    /// <summary>The workspace is in no in-between status any more.</summary>
    public void Forget(WorkspaceId id) => looks.TryRemove(id, out _);

    private FirstLook Look(WorkspaceId id, DateTimeOffset deadline) =>
        looks.AddOrUpdate(
            id,
            static (_, fresh) => fresh,
            static (_, known, fresh) => known.Deadline == fresh.Deadline ? known : fresh,
            new FirstLook(deadline, time.GetTimestamp()));

    private sealed class FirstLook(DateTimeOffset deadline, long since)
    {
        public DateTimeOffset Deadline => deadline;

        public long Since => since;

        public RuntimeException? LastFault { get; set; }
    }
}
