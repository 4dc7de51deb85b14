using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Model;

/// <summary>What the user last wanted of a workspace, and what has happened to it since that may excuse another end.</summary>
internal sealed class Expected(WorkspaceId id, WorkspaceName name, TimeSpan now)
{
    public WorkspaceId Id => id;

    public WorkspaceName Name => name;

    public InstanceName Instance { get; } = InstanceName.Of(id);

    public DesiredState Wish { get; private set; } = DesiredState.Running;

    /// <summary>How much time had passed at the last wish.</summary>
    public TimeSpan WishedAt { get; private set; } = now;

    /// <summary>The guest shut itself down, which may stand as its user's wish.</summary>
    public bool GuestWentDown { get; set; }

    /// <summary>Somebody removed the machine outside Tidepool.</summary>
    public bool IsLost { get; set; }

    public void Want(DesiredState wish, TimeSpan now) => (Wish, WishedAt, GuestWentDown) = (wish, now, false);

    /// <summary>It was so already, as far as anybody knew.</summary>
    public void Confirm(DesiredState wish) => Wish = wish;
}
