using System.Net;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests;

/// <summary>Workspaces and observations as tests need them.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    public static readonly LifecycleOptions Options = new();
    public static readonly IPAddress Address = IPAddress.Parse("10.0.0.5");

    public static Workspace Workspace(
        DesiredState desired = DesiredState.Running, WorkspaceStatus status = WorkspaceStatus.Creating, bool provisioned = false, string name = "demo") =>
        WorkspaceIntents.Towards(
            new Workspace
            {
                Id = WorkspaceId.New(TimeProvider.System),
                Name = WorkspaceName.Parse(name),
                Image = "default",
                Cpus = 2,
                MemoryMiB = 4096,
                Desired = desired,
                Status = status,
                Provisioned = provisioned,
                CreatedAt = Start,
                UpdatedAt = Start,
            },
            status,
            Options,
            Start);

    public static InstanceObservation Seen(Workspace workspace, InstanceState state, IPAddress? address = null, StopCause cause = StopCause.Guest) =>
        new(workspace.Instance, state, address, Isolation.Container, cause);
}
