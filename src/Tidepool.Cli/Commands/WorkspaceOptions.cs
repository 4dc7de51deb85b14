using System.CommandLine;

namespace Tidepool.Cli.Commands;

/// <summary>What several commands about one workspace take.</summary>
internal static class WorkspaceOptions
{
    public static WorkspaceArgument Name() => new("The workspace's name or id.");

    public static Option<bool> MakeRoom() => new("--make-room")
    {
        Description = "If there is not enough room, first stop the workspace that was used least recently, and the next one if that is not enough.",
    };

    public static Option<bool> Wait(string description) => new("--wait", "-w") { Description = description };
}

/// <summary>The name or id of a workspace that is there; a shell completes it.</summary>
internal sealed class WorkspaceArgument : Argument<string>
{
    public WorkspaceArgument(string description)
        : base("NAME") => Description = description;
}
