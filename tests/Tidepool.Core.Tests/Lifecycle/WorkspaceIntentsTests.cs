using CsCheck;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Lifecycle;

public sealed class WorkspaceIntentsTests
{
    private static readonly Gen<Workspace> AnyWorkspace =
        Gen.Select(Gen.Enum<DesiredState>(), Gen.Enum<WorkspaceStatus>(), Gen.Bool, (d, s, p) => Sample.Workspace(d, s, p));

    [Fact]
    public void A_deletion_wins_over_every_state_and_nothing_undoes_it() =>
        AnyWorkspace.Sample(workspace =>
        {
            var deleting = WorkspaceIntents.Delete(workspace, Sample.Options, Sample.Start) switch
            {
                Decision.Accepted accepted => accepted.Workspace,
                Decision.Unchanged unchanged => unchanged.Workspace,
                _ => throw new InvalidOperationException("A deletion was refused."),
            };
            return deleting.Desired == DesiredState.Deleted
                && WorkspaceIntents.Start(deleting, Sample.Options, Sample.Start) is Decision.Refused { Refusal: Refusal.TransitionRefused }
                && WorkspaceIntents.Stop(deleting, Sample.Options, Sample.Start) is Decision.Refused { Refusal: Refusal.TransitionRefused };
        });

    [Fact]
    public void Whatever_is_accepted_has_a_deadline_and_is_on_its_way() =>
        Gen.Select(AnyWorkspace, Gen.Int[0, 2]).Sample((workspace, which) =>
        {
            var decision = which switch
            {
                0 => WorkspaceIntents.Start(workspace, Sample.Options, Sample.Start),
                1 => WorkspaceIntents.Stop(workspace, Sample.Options, Sample.Start),
                _ => WorkspaceIntents.Delete(workspace, Sample.Options, Sample.Start),
            };
            return decision is not Decision.Accepted accepted
                || (accepted.Workspace.DeadlineAt > Sample.Start && !accepted.Workspace.IsSettled && accepted.Workspace.Fault is null);
        });

    [Fact]
    public void Starting_what_is_wanted_running_changes_nothing() =>
        Assert.IsType<Decision.Unchanged>(WorkspaceIntents.Start(Sample.Workspace(status: WorkspaceStatus.Starting), Sample.Options, Sample.Start));

    [Theory]
    [InlineData(DesiredState.Running)]
    [InlineData(DesiredState.Stopped)]
    public void From_error_start_stop_and_delete_all_work(DesiredState desired)
    {
        var failed = Sample.Workspace(desired, WorkspaceStatus.Error, provisioned: true);

        Assert.IsType<Decision.Accepted>(WorkspaceIntents.Start(failed, Sample.Options, Sample.Start));
        Assert.IsType<Decision.Accepted>(WorkspaceIntents.Stop(failed, Sample.Options, Sample.Start));
        Assert.IsType<Decision.Accepted>(WorkspaceIntents.Delete(failed, Sample.Options, Sample.Start));
    }

    [Fact]
    public void Stopping_ends_a_create_that_is_under_way()
    {
        var decision = Assert.IsType<Decision.Accepted>(WorkspaceIntents.Stop(Sample.Workspace(), Sample.Options, Sample.Start));

        Assert.Equal(DesiredState.Stopped, decision.Workspace.Desired);
        Assert.Equal(WorkspaceStatus.Stopping, decision.Workspace.Status);
    }
}
