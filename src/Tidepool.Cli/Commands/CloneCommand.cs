using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Cli.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.Cli.Commands;

internal static class CloneCommand
{
    public static Command Create(CommandLine line)
    {
        var source = WorkspaceOptions.Name();
        var name = new Argument<string>("NEW-NAME") { Description = "What the copy is called: 3 to 63 lower-case letters, digits and dashes." };
        var wait = WorkspaceOptions.Wait("Wait until its editor answers, then print its URL.");
        var makeRoom = WorkspaceOptions.MakeRoom();
        var command = new Command("clone", "Create a workspace with a copy of another's disk, and start it.") { source, name, wait, makeRoom };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var clone = await new Room(api, line.Screen, line.Time, parsed.GetValue(makeRoom))
                .CallAsync(client => client.CloneAsync(parsed.GetValue(source)!, new CloneWorkspaceRequest(parsed.GetValue(name)), cancellationToken), cancellationToken);
            return await NewCommand.TellAsync(line, api, clone, "cloned", parsed.GetValue(wait), cancellationToken);
        });
        return command;
    }
}
