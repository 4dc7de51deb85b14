using Tidepool.Core.Activities;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Tests.Workspaces;

/// <summary>Workspaces and activities to store.</summary>
internal static class Make
{
    public static Workspace Workspace(string name, TimeProvider time) => new()
    {
        Id = WorkspaceId.New(time),
        Name = WorkspaceName.Parse(name),
        Image = "default",
        Cpus = 2,
        MemoryMiB = 4096,
        Desired = DesiredState.Running,
        Status = WorkspaceStatus.Creating,
        CreatedAt = time.GetUtcNow(),
        UpdatedAt = time.GetUtcNow(),
    };

    /// <summary>A workspace to add, whose every property has a value that it does not have by itself: also a property that comes later.</summary>
    public static Workspace FullWorkspace(string name, TimeProvider time) =>
        new Filled(time).Object<Workspace>() with { Name = WorkspaceName.Parse(name), Version = 0, Revision = 0 };

    public static Activity Activity(Workspace workspace, TimeProvider time, string verb = Verbs.Create) =>
        new(workspace.Id, workspace.Name, verb, Actor.User, ActivityOutcome.Requested, "As asked.", TimeSpan.FromTicks(12345), time.GetUtcNow());
}
