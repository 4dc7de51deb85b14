using Tidepool.Contracts;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Hosting;

namespace Tidepool.Server.Workspaces;

/// <summary>From the domain to the wire.</summary>
internal static class WorkspaceMapping
{
    /// <param name="workspace">The workspace.</param>
    /// <param name="origin">Where the caller reaches workspaces; see <see cref="WorkspaceUrls.Origin"/>.</param>
    public static WorkspaceResponse ToResponse(this Workspace workspace, string origin) => new(
        workspace.Id.ToString(),
        workspace.Name.Value,
        workspace.Description,
        workspace.Image,
        workspace.Status.ToWire(),
        workspace.Desired.ToWire(),
        workspace.Cpus,
        workspace.MemoryMiB,
        workspace.Isolation?.ToWire(),
        workspace.Address?.ToString(),
        workspace.Desired == Core.Workspaces.DesiredState.Running ? WorkspaceUrls.Editor(origin, workspace.Name) : null,
        [.. workspace.Ports.Select(p => new PortResponse(p.Port.Value, p.Label, WorkspaceUrls.Port(origin, workspace.Name, p.Port), p.StripPrefix, p.Answers))],
        workspace.Fault is { } fault ? new ErrorResponse(fault.Code, fault.Message) : null,
        WorkspaceProgress.From(workspace) is { } progress ? new ProgressResponse(progress.Step, progress.Of, progress.Label) : null,
        workspace.CreatedAt,
        workspace.UpdatedAt,
        workspace.StartedAt,
        workspace.LastAccessedAt,
        workspace.Version);

    public static Contracts.WorkspaceStatus ToWire(this Core.Workspaces.WorkspaceStatus status) => status switch
    {
        Core.Workspaces.WorkspaceStatus.Creating => Contracts.WorkspaceStatus.Creating,
        Core.Workspaces.WorkspaceStatus.Starting => Contracts.WorkspaceStatus.Starting,
        Core.Workspaces.WorkspaceStatus.Running => Contracts.WorkspaceStatus.Running,
        Core.Workspaces.WorkspaceStatus.Stopping => Contracts.WorkspaceStatus.Stopping,
        Core.Workspaces.WorkspaceStatus.Stopped => Contracts.WorkspaceStatus.Stopped,
        Core.Workspaces.WorkspaceStatus.Deleting => Contracts.WorkspaceStatus.Deleting,
        Core.Workspaces.WorkspaceStatus.Error => Contracts.WorkspaceStatus.Error,
    };

    private static Contracts.DesiredState ToWire(this Core.Workspaces.DesiredState desired) => desired switch
    {
        Core.Workspaces.DesiredState.Running => Contracts.DesiredState.Running,
        Core.Workspaces.DesiredState.Stopped => Contracts.DesiredState.Stopped,
        Core.Workspaces.DesiredState.Deleted => Contracts.DesiredState.Deleted,
    };

    private static Isolation ToWire(this Core.Runtime.Isolation isolation) => isolation switch
    {
        Core.Runtime.Isolation.VirtualMachine => Isolation.VirtualMachine,
        Core.Runtime.Isolation.EmulatedMachine => Isolation.EmulatedMachine,
        Core.Runtime.Isolation.Container => Isolation.Container,
    };
}
