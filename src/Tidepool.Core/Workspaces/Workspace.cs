using System.Net;
using Tidepool.Core.Ports;
using Tidepool.Core.Runtime;

namespace Tidepool.Core.Workspaces;

/// <summary>What the user wants of a workspace.</summary>
public enum DesiredState
{
    Running,
    Stopped,
    Deleted,
}

/// <summary>What was last seen of a workspace.</summary>
public enum WorkspaceStatus
{
    Creating,
    Starting,
    Running,
    Stopping,
    Stopped,
    Deleting,
    Error,
}

/// <summary>Why a workspace is in error: a stable code, and a message that a person can act on.</summary>
public sealed record WorkspaceFault(string Code, string Message);

/// <summary>A step of a workspace on its way to running. The database stores the name, so a name never changes.</summary>
public enum ProgressStep
{
    MakingDisk,
    CopyingDisk,
    Booting,
    Connecting,
    StartingEditor,
}

/// <summary>
/// A workspace: what is wanted of it and what was last seen. An immutable value; <see cref="Storage.IWorkspaceStore"/>
/// replaces it by compare-and-set on <see cref="Version"/>. All times are UTC.
/// </summary>
public sealed record Workspace
{
    public required WorkspaceId Id { get; init; }
    public required WorkspaceName Name { get; init; }
    public string? Description { get; init; }
    public required string Image { get; init; }
    public required int Cpus { get; init; }
    public required int MemoryMiB { get; init; }

    public required DesiredState Desired { get; init; }
    public required WorkspaceStatus Status { get; init; }

    /// <summary>Whether its disk was ever made. A provisioned workspace whose instance is missing is a loss, never remade in silence.</summary>
    public bool Provisioned { get; init; }

    /// <summary>The workspace that it was cloned from; null if it was made from its image.</summary>
    public WorkspaceId? CloneOf { get; init; }

    public Isolation? Isolation { get; init; }
    public IPAddress? Address { get; init; }
    public WorkspaceFault? Fault { get; init; }

    /// <summary>The step it has come to while it is creating or starting; null in the other states, and before the first step.</summary>
    public ProgressStep? Progress { get; init; }

    public IReadOnlyList<WorkspacePort> Ports { get; init; } = [];

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? LastAccessedAt { get; init; }

    /// <summary>When an in-between status must have ended; null in the others.</summary>
    public DateTimeOffset? DeadlineAt { get; init; }

    /// <summary>Rises by one with every write to this workspace.</summary>
    public long Version { get; init; }

    /// <summary>Rises with every write to any workspace: the position in the stream of changes.</summary>
    public long Revision { get; init; }

    public InstanceName Instance => InstanceName.Of(Id);

    /// <summary>Whether what was seen is what is wanted, so that nothing is left to do.</summary>
    public bool IsSettled => (Desired, Status) switch
    {
        (DesiredState.Running, WorkspaceStatus.Running) => true,
        (DesiredState.Stopped, WorkspaceStatus.Stopped) => true,
        (DesiredState.Deleted, _) => false,
        (_, WorkspaceStatus.Error) => true,
        _ => false,
    };
}
