using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Model;

/// <summary>What the user last wanted of a workspace, and what has happened to it since that may excuse another end.</summary>
internal sealed class Expected(WorkspaceId id, WorkspaceName name, TimeSpan now)
{
    public WorkspaceId Id => id;

    public WorkspaceName Name => name;

    public InstanceName Instance { get; } = InstanceName.Of(id);

    public DesiredState Desired { get; private set; } = DesiredState.Running;

    /// <summary>How much time had passed at the last intent.</summary>
    public TimeSpan DesiredAt { get; private set; } = now;

    /// <summary>The guest shut itself down, which may count as its user's intent.</summary>
    public bool GuestWentDown { get; set; }

    /// <summary>The machine was removed outside Tidepool.</summary>
    public bool IsLost { get; set; }

    public void Want(DesiredState desired, TimeSpan now) => (Desired, DesiredAt, GuestWentDown) = (desired, now, false);

    /// <summary>It was so already, as far as the user could see.</summary>
    public void Confirm(DesiredState desired) => Desired = desired;
}
