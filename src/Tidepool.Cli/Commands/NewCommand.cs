using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Cli.Workspaces;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Commands;

internal static class NewCommand
{
    public static Command Create(CommandLine line)
    {
        var name = new Argument<string>("NAME") { Description = "3 to 63 lower-case letters, digits and dashes." };
        var wait = WorkspaceOptions.Wait("Wait until its editor answers, then print its URL.");
        var makeRoom = WorkspaceOptions.MakeRoom();
        var cpus = Values.Number("--cpus", min: 1);
        cpus.Description = "Cores; 2 if not given.";
        cpus.HelpName = "N";
        var memory = Values.Size("--memory");
        memory.Description = "Memory, for example 4G or 512M; a plain number is MiB. 4G if not given.";
        memory.HelpName = "SIZE";
        var description = new Option<string?>("--description") { Description = "What the workspace is for.", HelpName = "TEXT" };
        var image = new Option<string?>("--image") { Description = "The image template.", HelpName = "NAME" };
        var command = new Command("new", "Create a workspace and start it.") { name, wait, makeRoom, cpus, memory, description, image };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var request = new CreateWorkspaceRequest(
                parsed.GetValue(name), parsed.GetValue(image), parsed.GetValue(description), parsed.GetValue(cpus), parsed.GetValue(memory));
            var created = await new Room(api, line.Screen, line.Time, parsed.GetValue(makeRoom))
                .CallAsync(client => client.CreateAsync(request, cancellationToken), cancellationToken);
            return await TellAsync(line, api, created, "created", parsed.GetValue(wait), cancellationToken);
        });
        return command;
    }

    /// <summary>Says how to open a workspace that is being made, or waits for its editor and says where it is.</summary>
    internal static async Task<int> TellAsync(CommandLine line, LocalApi api, WorkspaceResponse made, string how, bool wait, CancellationToken cancellationToken)
    {
        if (!wait)
        {
            line.Screen.Line($"{made.Name} is being {how}. `tidepool open {made.Name}` opens it once it runs.");
            return ExitCodes.Ok;
        }

        var running = await new WorkspaceWait(api, line.Screen, line.Time).UntilAsync(made.Id, WorkspaceStatus.Running, cancellationToken);
        line.Screen.Line(running!.Url ?? "");
        return ExitCodes.Ok;
    }
}
