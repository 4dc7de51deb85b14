using Tidepool.Core.Ports;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Ports;

public sealed class PortIntentsTests
{
    [Theory]
    [InlineData(DesiredState.Running, WorkspaceStatus.Creating)]
    [InlineData(DesiredState.Running, WorkspaceStatus.Running)]
    [InlineData(DesiredState.Stopped, WorkspaceStatus.Stopped)]
    [InlineData(DesiredState.Running, WorkspaceStatus.Error)]
    public void A_port_can_be_registered_in_any_state(DesiredState desired, WorkspaceStatus status)
    {
        var workspace = Registered(Sample.Workspace(desired, status), 3000);
        Assert.Equal((desired, status), (workspace.Desired, workspace.Status));
        Assert.Equal([new WorkspacePort(PortNumber.Parse(3000), "web")], workspace.Ports);
    }

    [Fact]
    public void The_same_port_again_changes_nothing_and_another_label_or_switch_changes_it()
    {
        var workspace = Registered(Sample.Workspace(), 3000);
        Assert.IsType<Decision.Unchanged>(Register(workspace, 3000));
        Assert.Equal("api", Registered(workspace, 3000, label: "api").Ports.Single().Label);
        Assert.False(Registered(workspace, 3000, strip: false).Ports.Single().StripPrefix);
    }

    [Fact]
    public void A_sixth_port_is_refused_and_one_of_the_five_can_still_be_changed()
    {
        var workspace = Enumerable.Range(3000, PortIntents.Limit).Aggregate(Sample.Workspace(), (w, port) => Registered(w, port));
        var refused = Assert.IsType<Decision.Refused>(Register(workspace, 4000));
        Assert.Equal(new Refusal.PortLimit(5), refused.Refusal);
        Assert.IsType<Decision.Accepted>(Register(workspace, 3002, label: "other"));
    }

    [Fact]
    public void A_port_that_is_not_registered_cannot_be_unregistered()
    {
        var workspace = Registered(Sample.Workspace(), 3000);
        Assert.IsType<Refusal.PortNotFound>(Assert.IsType<Decision.Refused>(PortIntents.Unregister(workspace, PortNumber.Parse(3001), Sample.Start)).Refusal);
        Assert.Empty(Assert.IsType<Decision.Accepted>(PortIntents.Unregister(workspace, PortNumber.Parse(3000), Sample.Start)).Workspace.Ports);
    }

    [Fact]
    public void A_workspace_that_is_being_deleted_gets_no_port() =>
        Assert.IsType<Refusal.NotFound>(Assert.IsType<Decision.Refused>(Register(Sample.Workspace(DesiredState.Deleted, WorkspaceStatus.Deleting), 3000)).Refusal);

    private static Decision Register(Workspace workspace, int port, string label = "web", bool strip = true) =>
        PortIntents.Register(workspace, PortNumber.Parse(port), label, strip, Sample.Start);

    private static Workspace Registered(Workspace workspace, int port, string label = "web", bool strip = true) =>
        Assert.IsType<Decision.Accepted>(Register(workspace, port, label, strip)).Workspace;
}
