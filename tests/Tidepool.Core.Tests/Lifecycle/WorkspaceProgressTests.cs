using Tidepool.Core.Lifecycle;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Lifecycle;

public sealed class WorkspaceProgressTests
{
    [Theory]
    [InlineData(WorkspaceStatus.Creating, false, ProgressStep.MakingDisk, 1, 4, "Making the disk")]
    [InlineData(WorkspaceStatus.Creating, true, ProgressStep.CopyingDisk, 1, 4, "Copying the disk")]
    [InlineData(WorkspaceStatus.Creating, false, ProgressStep.Booting, 2, 4, "Booting")]
    [InlineData(WorkspaceStatus.Creating, true, ProgressStep.Connecting, 3, 4, "Connecting to the network")]
    [InlineData(WorkspaceStatus.Creating, false, ProgressStep.StartingEditor, 4, 4, "Starting the editor")]
    [InlineData(WorkspaceStatus.Starting, false, ProgressStep.Booting, 1, 3, "Booting")]
    [InlineData(WorkspaceStatus.Starting, true, ProgressStep.Connecting, 2, 3, "Connecting to the network")]
    [InlineData(WorkspaceStatus.Starting, false, ProgressStep.StartingEditor, 3, 3, "Starting the editor")]
    public void A_step_is_shown_by_its_place_on_the_way_and_its_label(WorkspaceStatus status, bool isClone, ProgressStep step, int number, int of, string label) =>
        Assert.Equal(new WorkspaceProgress(number, of, label), WorkspaceProgress.From(At(status, isClone, step)));

    [Theory]
    [InlineData(WorkspaceStatus.Creating, null)]
    [InlineData(WorkspaceStatus.Running, null)]
    [InlineData(WorkspaceStatus.Starting, ProgressStep.MakingDisk)]
    [InlineData(WorkspaceStatus.Creating, ProgressStep.CopyingDisk)]
    public void Where_there_is_no_step_or_one_of_another_way_no_progress_is_shown(WorkspaceStatus status, ProgressStep? step) =>
        Assert.Null(WorkspaceProgress.From(At(status, false, step)));

    [Fact]
    public void Every_step_is_on_some_way() =>
        Assert.All(
            Enum.GetValues<ProgressStep>(),
            step => Assert.Contains([false, true], isClone => WorkspaceProgress.From(At(WorkspaceStatus.Creating, isClone, step)) is not null));

    private static Workspace At(WorkspaceStatus status, bool isClone, ProgressStep? step) => Sample.Workspace(status: status) with
    {
        CloneOf = isClone ? WorkspaceId.New(TimeProvider.System) : null,
        Progress = step,
    };
}
