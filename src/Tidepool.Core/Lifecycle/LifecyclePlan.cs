using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Lifecycle;

/// <summary>The next thing to do for a workspace.</summary>
public enum LifecycleStep
{
    /// <summary>Make its machine. Repeatable: waits for a machine that is still being made; makes one that was left half made again.</summary>
    Create,

    /// <summary>Boot its machine, after whatever stop is still under way. Repeatable: a running one stays as it is.</summary>
    Start,

    /// <summary>Check again: the machine is between two states, or has no address yet.</summary>
    Wait,

    /// <summary>Ask the editor until it answers, and have the route in place. Repeatable: only checks.</summary>
    AwaitEditor,

    /// <summary>Shut its machine down. Repeatable: a stopped one stays as it is.</summary>
    Stop,

    /// <summary>Destroy its machine and disk. Repeatable: a missing one counts as destroyed.</summary>
    Delete,

    /// <summary>Forget the workspace: its machine is gone, as wanted.</summary>
    Forget,

    /// <summary>Write that it is stopped, as wanted.</summary>
    SettleStopped,

    /// <summary>Its guest shut itself down: write that stopped is now wanted.</summary>
    AcceptShutdown,

    /// <summary>Its machine is gone although it had a disk: a loss that only its user can answer.</summary>
    ReportLoss,
}

/// <summary>From what is wanted and what is seen to the next step. Pure, total, and the only place where this is decided.</summary>
public static class LifecyclePlan
{
    public static LifecycleStep Next(Workspace workspace, InstanceObservation? seen) => workspace.Desired switch
    {
        DesiredState.Deleted => seen is null ? LifecycleStep.Forget : LifecycleStep.Delete,
        DesiredState.Stopped => seen switch
        {
            null => workspace.Provisioned ? LifecycleStep.ReportLoss : LifecycleStep.SettleStopped,
            { State: InstanceState.Stopped } => LifecycleStep.SettleStopped,
            { State: not InstanceState.Running } when !workspace.Provisioned => LifecycleStep.SettleStopped,
            _ => LifecycleStep.Stop,
        },
        DesiredState.Running => seen switch
        {
            null => workspace.Provisioned ? LifecycleStep.ReportLoss : LifecycleStep.Create,
            { State: not InstanceState.Running } when !workspace.Provisioned => LifecycleStep.Create,
            { State: InstanceState.Stopped, StoppedBy: StopCause.Guest } when workspace.Status == WorkspaceStatus.Running => LifecycleStep.AcceptShutdown,
            { State: InstanceState.Stopped } => LifecycleStep.Start,
            { State: InstanceState.Running } when IsYetToBeStarted(workspace) => LifecycleStep.Start,
            { State: InstanceState.Running, Address: not null } => LifecycleStep.AwaitEditor,
            _ => LifecycleStep.Wait,
        },
    };

    /// <summary>
    /// Whether the worker has not started it since that was wanted. It may run all the same, while an earlier stop is still under
    /// way; a start waits for that.
    /// </summary>
    private static bool IsYetToBeStarted(Workspace workspace) =>
        workspace.Status is WorkspaceStatus.Creating or WorkspaceStatus.Starting
        && workspace.Progress is not (ProgressStep.Connecting or ProgressStep.StartingEditor);

    /// <summary>Whether a settled workspace is still as it was left, so that the reconciler need not check it.</summary>
    public static bool Agrees(Workspace workspace, InstanceObservation? seen) => (workspace.Desired, workspace.Status) switch
    {
        (DesiredState.Running, WorkspaceStatus.Running) =>
            seen is { State: InstanceState.Running, Address: { } address } && address.Equals(workspace.Address),
        (DesiredState.Stopped, WorkspaceStatus.Stopped) =>
            seen is { State: InstanceState.Stopped } || (!workspace.Provisioned && seen is not { State: InstanceState.Running }),
        (DesiredState.Deleted, _) => false,
        (_, WorkspaceStatus.Error) => true,
        _ => false,
    };
}
