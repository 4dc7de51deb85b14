using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Cli.Workspaces;
using Tidepool.Host;

namespace Tidepool.Cli.Commands;

internal static class RemoveCommand
{
    public static Command Create(CommandLine line)
    {
        var name = WorkspaceOptions.Name();
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var wait = WorkspaceOptions.Wait("Wait until it is gone.");
        var command = new Command("rm", "Delete a workspace and its disk. This cannot be undone.") { name, yes, wait };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var workspace = await api.CallAsync(client => client.GetAsync(parsed.GetValue(name)!, cancellationToken));
            if (!parsed.GetValue(yes) && line.Screen.Ask($"{workspace.Name} and everything on its disk will be gone for good. Type its name to delete it:") != workspace.Name)
            {
                line.Screen.Line("Nothing was deleted.");
                return ExitCodes.Failed;
            }

            await api.CallAsync(client => client.DeleteAsync(workspace.Id, cancellationToken));
            if (parsed.GetValue(wait))
            {
                await new WorkspaceWait(api, line.Screen, line.Time).UntilAsync(workspace.Id, null, cancellationToken);
            }

            line.Screen.Line(parsed.GetValue(wait) ? $"{workspace.Name} is gone." : $"{workspace.Name} is being deleted.");
            return ExitCodes.Ok;
        });
        return command;
    }
}
