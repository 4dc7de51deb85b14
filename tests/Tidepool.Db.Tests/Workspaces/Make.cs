using System.Net;
using Tidepool.Core.Activities;
using Tidepool.Core.Ports;
using Tidepool.Core.Runtime;
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

    public static Workspace FullWorkspace(string name, TimeProvider time) => Workspace(name, time) with
    {
        Description = "Everything that can be set is set.",
        Provisioned = true,
        CloneOf = WorkspaceId.New(time),
        Isolation = Isolation.Container,
        Address = IPAddress.Parse("10.0.0.7"),
        Fault = new WorkspaceFault("image-missing", "Build the image."),
        Progress = new WorkspaceProgress(2, 4, "Starting"),
        Ports = [Port(3000, "web"), Port(65535, null)],
        StartedAt = time.GetUtcNow().AddTicks(1),
        LastAccessedAt = time.GetUtcNow().AddTicks(2),
        DeadlineAt = time.GetUtcNow().AddTicks(3),
    };

    public static Activity Activity(Workspace workspace, TimeProvider time, string verb = Verbs.Create) =>
        new(workspace.Id, workspace.Name, verb, Actor.User, ActivityOutcome.Requested, "As asked.", TimeSpan.FromTicks(12345), time.GetUtcNow());

    private static WorkspacePort Port(int number, string? label) =>
        PortNumber.TryParse(number, out var port) ? new WorkspacePort(port, label) : throw new ArgumentOutOfRangeException(nameof(number));
}
