using Tidepool.Core.Capacity;
using Tidepool.Core.Ports;

namespace Tidepool.Core.Workspaces;

/// <summary>Why something that was asked for is not done. The set is closed: one switch maps it to HTTP.</summary>
public abstract record Refusal
{
    private Refusal()
    {
    }

    public sealed record NotFound(string Reference) : Refusal;

    public sealed record NameTaken(WorkspaceName Name) : Refusal;

    public sealed record WorkspaceLimit(int Limit) : Refusal;

    public sealed record PortLimit(int Limit) : Refusal;

    public sealed record PortNotFound(WorkspaceName Name, PortNumber Port) : Refusal;

    public sealed record TransitionRefused(WorkspaceStatus From, DesiredState To) : Refusal;

    /// <summary>It has no disk yet, or none for much longer.</summary>
    public sealed record NothingToClone(WorkspaceName Name, WorkspaceStatus Status) : Refusal;

    public sealed record ImageUnknown(string Image) : Refusal;

    public sealed record NotRunning(WorkspaceName Name, WorkspaceStatus Status) : Refusal;

    /// <summary>There is not enough left of one resource.</summary>
    /// <param name="Resource">Of which; it says in what the amounts are counted.</param>
    /// <param name="Needed">What the workspace takes of it.</param>
    /// <param name="Available">What is left.</param>
    /// <param name="Total">What there is for all workspaces together.</param>
    /// <param name="LeastRecentlyAccessed">The running workspace to stop; null where stopping does not help.</param>
    public sealed record CapacityExhausted(CapacityResource Resource, long Needed, long Available, long Total, Workspace? LeastRecentlyAccessed) : Refusal;

    /// <summary>The disk of the state directory has less free than the reserve for the existing workspaces.</summary>
    /// <param name="Directory">What lies on it.</param>
    /// <param name="FreeMiB">How much it has left.</param>
    /// <param name="ReserveMiB">How much of that is kept.</param>
    public sealed record DiskLow(string Directory, long FreeMiB, long ReserveMiB) : Refusal;

    public sealed record DependencyDown(string Dependency) : Refusal;
}

/// <summary>What became of a request to a workspace.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>Wanted now; the worker sees to it.</summary>
    public sealed record Accepted(Workspace Workspace) : Decision;

    /// <summary>It is so already.</summary>
    public sealed record Unchanged(Workspace Workspace) : Decision;

    public sealed record Refused(Refusal Refusal) : Decision;
}
