using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Lifecycle;

/// <summary>What the user reads of each step.</summary>
public static class StepLabels
{
    public const string MakingDisk = "Making the disk";
    public const string CopyingDisk = "Copying the disk";
    public const string Booting = "Booting";
    public const string Connecting = "Connecting to the network";
    public const string StartingEditor = "Starting the editor";

    private static readonly string[] CreateSteps = [MakingDisk, Booting, Connecting, StartingEditor];
    private static readonly string[] CloneSteps = [CopyingDisk, Booting, Connecting, StartingEditor];
    private static readonly string[] StartSteps = [Booting, Connecting, StartingEditor];

    public static WorkspaceProgress? Progress(Workspace workspace, string? label)
    {
        var steps = workspace switch
        {
            { Status: WorkspaceStatus.Creating, CloneOf: not null } => CloneSteps,
            { Status: WorkspaceStatus.Creating } => CreateSteps,
            _ => StartSteps,
        };
        var index = Array.IndexOf(steps, label);
        return index < 0 ? null : new WorkspaceProgress(index + 1, steps.Length, label!);
    }
}

/// <summary>The faults that the lifecycle itself finds.</summary>
internal static class LifecycleFaults
{
    public static readonly WorkspaceFault InstanceLost = new(
        "instance-lost",
        "The workspace's machine and its disk are gone: somebody removed them outside Tidepool. Delete the workspace and create a new one.");

    public static readonly WorkspaceFault DeletionSlow = new(
        "deletion-slow",
        "Deleting the workspace takes longer than it should. It goes on by itself until the workspace is gone; `tidepool doctor` shows whether a part is down.");

    /// <summary>What nobody foresaw may pass, as long as there is time.</summary>
    public static RuntimeException Unforeseen(Exception fault) => new(
        "internal-error",
        "Something went wrong inside Tidepool. `tidepool logs --component worker` shows what; start the workspace again, and if it fails again, stop or delete it.",
        isTransient: true,
        fault);

    public static WorkspaceFault DeadlinePassed(Workspace workspace) => new(
        "deadline-passed",
        $"The workspace took too long{(workspace.Progress is { } p ? $" at the step '{p.Label}'" : "")}. Look at its log, then start it again; if it fails again, stop or delete it.");
}

/// <summary>What a workspace is told about itself. Nothing secret.</summary>
internal static class WorkspaceEnvironment
{
    public static IReadOnlyDictionary<string, string> Of(Workspace workspace) => new Dictionary<string, string>
    {
        ["TIDEPOOL_WORKSPACE_NAME"] = workspace.Name.Value,
        ["VSCODE_PROXY_URI"] = "./port/{{port}}/",
    };
}
