using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Lifecycle;

/// <summary>How far a workspace has come on its way to running, as its user reads it. <see cref="Step"/> is counted from one.</summary>
public sealed record WorkspaceProgress(int Step, int Of, string Label)
{
    private static readonly ProgressStep[] CreateSteps = [ProgressStep.MakingDisk, ProgressStep.Booting, ProgressStep.Connecting, ProgressStep.StartingEditor];
    private static readonly ProgressStep[] CloneSteps = [ProgressStep.CopyingDisk, ProgressStep.Booting, ProgressStep.Connecting, ProgressStep.StartingEditor];
    private static readonly ProgressStep[] StartSteps = [ProgressStep.Booting, ProgressStep.Connecting, ProgressStep.StartingEditor];

    /// <summary>The workspace's progress; null if it is at no step, or at a step that is not in its sequence.</summary>
    public static WorkspaceProgress? From(Workspace workspace)
    {
        if (workspace.Progress is not { } step)
        {
            return null;
        }

        var steps = workspace switch
        {
            { Status: WorkspaceStatus.Creating, CloneOf: not null } => CloneSteps,
            { Status: WorkspaceStatus.Creating } => CreateSteps,
            _ => StartSteps,
        };
        var index = Array.IndexOf(steps, step);
        return index < 0 ? null : new WorkspaceProgress(index + 1, steps.Length, LabelOf(step));
    }

    private static string LabelOf(ProgressStep step) => step switch
    {
        ProgressStep.MakingDisk => "Making the disk",
        ProgressStep.CopyingDisk => "Copying the disk",
        ProgressStep.Booting => "Booting",
        ProgressStep.Connecting => "Connecting to the network",
        ProgressStep.StartingEditor => "Starting the editor",
    };
}
