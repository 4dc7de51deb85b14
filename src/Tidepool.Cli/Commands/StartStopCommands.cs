using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Cli.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.Cli.Commands;

internal static class StartStopCommands
{
    public static Command CreateStart(CommandLine line) => Create(
        line, "start", "Start a stopped workspace.", "Wait until its editor answers, then print its URL.", WorkspaceStatus.Running, (client, name, token) => client.StartAsync(name, token));

    public static Command CreateStop(CommandLine line) => Create(
        line, "stop", "Stop a workspace; its disk is kept.", "Wait until it is stopped.", WorkspaceStatus.Stopped, (client, name, token) => client.StopAsync(name, token));

    private static Command Create(
        CommandLine line, string verb, string description, string waitDescription, WorkspaceStatus wanted, Func<TidepoolClient, string, CancellationToken, Task<ApiResult<WorkspaceResponse>>> call)
    {
        var name = WorkspaceOptions.Name();
        var wait = WorkspaceOptions.Wait(waitDescription);
        var command = new Command(verb, description) { name, wait };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var workspace = await api.CallAsync(client => call(client, parsed.GetValue(name)!, cancellationToken));
            if (parsed.GetValue(wait))
            {
                workspace = (await new WorkspaceWait(api, line.Screen, line.Time).UntilAsync(workspace.Id, wanted, cancellationToken))!;
            }

            var status = workspace.Status.ToString().ToLowerInvariant();
            line.Screen.Line(wanted == WorkspaceStatus.Running && workspace is { Status: WorkspaceStatus.Running, Url: { } url } ? url : $"{workspace.Name} is {status}.");
            return ExitCodes.Ok;
        });
        return command;
    }
}
