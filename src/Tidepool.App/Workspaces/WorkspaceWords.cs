using Tidepool.Contracts;

namespace Tidepool.App.Workspaces;

/// <summary>The labels that users read for the wire's values, and what may be done in which state.</summary>
internal static class WorkspaceWords
{
    public static string Status(WorkspaceStatus status) => status switch
    {
        WorkspaceStatus.Creating => "Creating",
        WorkspaceStatus.Starting => "Starting",
        WorkspaceStatus.Running => "Running",
        WorkspaceStatus.Stopping => "Stopping",
        WorkspaceStatus.Stopped => "Stopped",
        WorkspaceStatus.Deleting => "Deleting",
        WorkspaceStatus.Error => "Problem",
    };

    /// <summary>What separates the workspace from this machine, said plainly.</summary>
    public static string? Isolation(Isolation? isolation) => isolation switch
    {
        Contracts.Isolation.VirtualMachine => "Virtual machine",
        Contracts.Isolation.EmulatedMachine => "Virtual machine, emulated: slow, and a kernel of its own",
        Contracts.Isolation.Container => "Container: shares this machine's kernel",
        null => null,
    };

    public static string Size(WorkspaceResponse workspace) =>
        $"{workspace.Cpus} {(workspace.Cpus == 1 ? "core" : "cores")}, {(workspace.MemoryMiB % 1024 == 0 ? $"{workspace.MemoryMiB / 1024} GiB" : $"{workspace.MemoryMiB} MiB")}";

    public static bool IsBusy(WorkspaceStatus status) =>
        status is WorkspaceStatus.Creating or WorkspaceStatus.Starting or WorkspaceStatus.Stopping or WorkspaceStatus.Deleting;

    public static bool CanStart(WorkspaceResponse workspace) => workspace.Status is WorkspaceStatus.Stopped or WorkspaceStatus.Error;

    public static bool CanStop(WorkspaceResponse workspace) =>
        workspace.Status is WorkspaceStatus.Creating or WorkspaceStatus.Starting or WorkspaceStatus.Running;

    /// <summary>The verb for ending it: a workspace that does not run yet is not stopped but cancelled.</summary>
    public static string StopVerb(WorkspaceResponse workspace) => IsComing(workspace.Status) ? "Cancel" : "Stop";

    public static string StartVerb(WorkspaceResponse workspace) => workspace.Status == WorkspaceStatus.Error ? "Start again" : "Start";

    /// <summary>Whether its editor is on the way.</summary>
    public static bool IsComing(WorkspaceStatus status) => status is WorkspaceStatus.Creating or WorkspaceStatus.Starting;

    public static bool CanDelete(WorkspaceResponse workspace) => workspace.Status != WorkspaceStatus.Deleting;

    /// <summary>Whether its deletion said why it is not done yet: asking again tries at once instead of at its next turn.</summary>
    public static bool CanDeleteAgain(WorkspaceResponse workspace) => workspace is { Status: WorkspaceStatus.Deleting, Error: not null };

    /// <summary>Whether it has a disk, as far as the page knows; the server decides.</summary>
    public static bool CanClone(WorkspaceResponse workspace) => workspace.Status is WorkspaceStatus.Starting or WorkspaceStatus.Running or WorkspaceStatus.Stopping or WorkspaceStatus.Stopped;
}
