using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Lifecycle;

/// <summary>What a user may want of a workspace, and what each intent makes of it. Pure: the store writes the result.</summary>
public static class WorkspaceIntents
{
    /// <summary>A workspace that is wanted running, of which nothing is there yet.</summary>
    public static Workspace Create(WorkspaceId id, WorkspaceName name, string image, int cpus, int memoryMiB, LifecycleOptions options, DateTimeOffset now) =>
        Towards(
            new Workspace
            {
                Id = id,
                Name = name,
                Image = image,
                Cpus = cpus,
                MemoryMiB = memoryMiB,
                Desired = DesiredState.Running,
                Status = WorkspaceStatus.Creating,
                CreatedAt = now,
                UpdatedAt = now,
            },
            WorkspaceStatus.Creating,
            options,
            now);

    /// <summary>Wants it running. From any state but one on its way to deletion.</summary>
    public static Decision Start(Workspace workspace, LifecycleOptions options, DateTimeOffset now) => workspace switch
    {
        { Desired: DesiredState.Deleted } => Refuse(workspace, DesiredState.Running),
        { Desired: DesiredState.Running, Status: not WorkspaceStatus.Error } => new Decision.Unchanged(workspace),
        _ => new Decision.Accepted(Towards(
            workspace with { Desired = DesiredState.Running },
            workspace.Provisioned ? WorkspaceStatus.Starting : WorkspaceStatus.Creating,
            options,
            now)),
    };

    /// <summary>Wants another that begins with its disk, its size and its ports, and runs.</summary>
    public static Decision Clone(Workspace source, WorkspaceId id, WorkspaceName name, LifecycleOptions options, DateTimeOffset now) =>
        source is { Provisioned: true, Desired: not DesiredState.Deleted }
            ? new Decision.Accepted(Create(id, name, source.Image, source.Cpus, source.MemoryMiB, options, now) with
            {
                CloneOf = source.Id,
                Description = source.Description,
                Ports = [.. source.Ports.Select(port => port with { Answers = false })],
            })
            : new Decision.Refused(new Refusal.NothingToClone(source.Name, source.Status));

    /// <summary>Wants it stopped. Ends a create or a start that is under way.</summary>
    public static Decision Stop(Workspace workspace, LifecycleOptions options, DateTimeOffset now) => workspace switch
    {
        { Desired: DesiredState.Deleted } => Refuse(workspace, DesiredState.Stopped),
        { Desired: DesiredState.Stopped, Status: not WorkspaceStatus.Error } => new Decision.Unchanged(workspace),
        _ => new Decision.Accepted(Towards(workspace with { Desired = DesiredState.Stopped }, WorkspaceStatus.Stopping, options, now)),
    };

    /// <summary>Wants it gone. Wins over everything, and nothing undoes it. A deletion that shows a fault is tried again at once.</summary>
    public static Decision Delete(Workspace workspace, LifecycleOptions options, DateTimeOffset now) =>
        workspace is { Desired: DesiredState.Deleted, Fault: null }
            ? new Decision.Unchanged(workspace)
            : new Decision.Accepted(Towards(workspace with { Desired = DesiredState.Deleted }, WorkspaceStatus.Deleting, options, now));

    /// <summary>The workspace on its way to what it now wants, with a fresh deadline and its old fault forgotten.</summary>
    public static Workspace Towards(Workspace workspace, WorkspaceStatus status, LifecycleOptions options, DateTimeOffset now) =>
        workspace with
        {
            Status = status,
            Fault = null,
            Progress = null,
            DeadlineAt = now + options.DeadlineOf(status),
            UpdatedAt = now,
        };

    private static Decision.Refused Refuse(Workspace workspace, DesiredState to) => new(new Refusal.TransitionRefused(workspace.Status, to));
}
