using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Lifecycle;

/// <summary>The faults that the lifecycle itself finds.</summary>
internal static class LifecycleFaults
{
    public static readonly WorkspaceFault InstanceLost = new(
        "instance-lost",
        "The workspace's machine and its disk are gone: they were removed outside Tidepool. Delete the workspace and create a new one.");

    public static readonly WorkspaceFault DeletionSlow = new(
        "deletion-slow",
        "Deleting the workspace takes longer than it should. It goes on by itself until the workspace is gone; `tidepool doctor` shows whether a part is down.");

    /// <summary>An unexpected failure may pass, so it is retried until the deadline.</summary>
    public static RuntimeException Unforeseen(Exception fault) => new(
        "internal-error",
        "Something went wrong inside Tidepool. `tidepool logs --component worker` shows what; start the workspace again, and if it fails again, stop or delete it.",
        isTransient: true,
        fault);

    public static WorkspaceFault DeadlinePassed(Workspace workspace) => new(
        "deadline-passed",
        $"The workspace took too long{(WorkspaceProgress.From(workspace) is { } p ? $" at the step '{p.Label}'" : "")}. Read its log, then start it again; if it fails again, stop or delete it.");
}
