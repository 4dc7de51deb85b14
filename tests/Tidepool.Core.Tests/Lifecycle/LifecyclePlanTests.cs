using Tidepool.Core.Lifecycle;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Lifecycle;

public sealed class LifecyclePlanTests
{
    [Fact]
    public void A_new_workspace_is_made() =>
        Assert.Equal(LifecycleStep.Create, LifecyclePlan.Next(Sample.Workspace(), null));

    [Fact]
    public void A_machine_whose_making_was_never_confirmed_goes_through_create_again()
    {
        var workspace = Sample.Workspace();
        Assert.Equal(LifecycleStep.Create, LifecyclePlan.Next(workspace, Sample.Seen(workspace, InstanceState.Stopped)));
        Assert.Equal(LifecycleStep.Start, LifecyclePlan.Next(workspace with { Provisioned = true }, Sample.Seen(workspace, InstanceState.Stopped)));
    }

    [Fact]
    public void A_lost_disk_is_never_remade_in_silence()
    {
        Assert.Equal(LifecycleStep.ReportLoss, LifecyclePlan.Next(Sample.Workspace(provisioned: true), null));
        Assert.Equal(LifecycleStep.ReportLoss, LifecyclePlan.Next(Sample.Workspace(DesiredState.Stopped, WorkspaceStatus.Stopping, provisioned: true), null));
    }

    [Fact]
    public void A_guest_that_shut_itself_down_is_left_stopped()
    {
        var workspace = Sample.Workspace(status: WorkspaceStatus.Running, provisioned: true);
        Assert.Equal(LifecycleStep.AcceptShutdown, LifecyclePlan.Next(workspace, Sample.Seen(workspace, InstanceState.Stopped)));
    }

    [Fact]
    public void What_the_host_took_down_is_brought_back()
    {
        var workspace = Sample.Workspace(status: WorkspaceStatus.Running, provisioned: true);
        Assert.Equal(LifecycleStep.Start, LifecyclePlan.Next(workspace, Sample.Seen(workspace, InstanceState.Stopped, cause: StopCause.Host)));
    }

    [Fact]
    public void A_running_machine_without_an_address_is_waited_for()
    {
        var workspace = Sample.Workspace() with { Progress = ProgressStep.Connecting };
        Assert.Equal(LifecycleStep.Wait, LifecyclePlan.Next(workspace, Sample.Seen(workspace, InstanceState.Running)));
    }

    [Fact]
    public void A_machine_that_still_runs_when_it_is_wanted_again_is_started_after_its_stop()
    {
        var workspace = Sample.Workspace(status: WorkspaceStatus.Starting, provisioned: true);
        Assert.Equal(LifecycleStep.Start, LifecyclePlan.Next(workspace, Sample.Seen(workspace, InstanceState.Running, Sample.Address)));
    }

    [Fact]
    public void A_create_that_was_stopped_before_its_machine_was_made_makes_none() =>
        Assert.Equal(LifecycleStep.SettleStopped, LifecyclePlan.Next(Sample.Workspace(DesiredState.Stopped, WorkspaceStatus.Stopping), null));

    [Theory]
    [InlineData(InstanceState.Running)]
    [InlineData(InstanceState.Stopped)]
    [InlineData(InstanceState.Changing)]
    public void A_deletion_destroys_the_machine_in_whatever_state(InstanceState state)
    {
        var workspace = Sample.Workspace(DesiredState.Deleted, WorkspaceStatus.Deleting);
        Assert.Equal(LifecycleStep.Delete, LifecyclePlan.Next(workspace, Sample.Seen(workspace, state)));
        Assert.Equal(LifecycleStep.Forget, LifecyclePlan.Next(workspace, null));
    }

    [Fact]
    public void A_running_workspace_whose_address_changed_does_not_agree()
    {
        var workspace = Sample.Workspace(status: WorkspaceStatus.Running) with { Address = Sample.Address };
        Assert.True(LifecyclePlan.Agrees(workspace, Sample.Seen(workspace, InstanceState.Running, Sample.Address)));
        Assert.False(LifecyclePlan.Agrees(workspace, Sample.Seen(workspace, InstanceState.Running, System.Net.IPAddress.Parse("10.0.0.6"))));
    }

    [Fact]
    public void Every_combination_has_a_next_step()
    {
        foreach (var desired in Enum.GetValues<DesiredState>())
        {
            foreach (var status in Enum.GetValues<WorkspaceStatus>())
            {
                var workspace = Sample.Workspace(desired, status);
                foreach (var seen in Enum.GetValues<InstanceState>().Select(s => (InstanceObservation?)Sample.Seen(workspace, s)).Append(null))
                {
                    Assert.True(Enum.IsDefined(LifecyclePlan.Next(workspace, seen)));
                }
            }
        }
    }
}
