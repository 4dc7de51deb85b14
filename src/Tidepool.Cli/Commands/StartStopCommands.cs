using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Cli.Workspaces;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Commands;

internal static class StartStopCommands
{
    public static Command CreateStart(CommandLine line) => Create(
        line,
        "start",
        "Start a stopped workspace.",
        "Wait until its editor answers, then print its URL.",
        WorkspaceStatus.Running,
        (client, name, token) => client.StartAsync(name, token),
        WorkspaceOptions.MakeRoom());

    public static Command CreateStop(CommandLine line) => Create(
        line, "stop", "Stop a workspace; its disk is kept.", "Wait until it is stopped.", WorkspaceStatus.Stopped, (client, name, token) => client.StopAsync(name, token), null);

    private static Command Create(
        CommandLine line,
        string verb,
        string description,
        string waitDescription,
        WorkspaceStatus wanted,
        Func<TidepoolClient, string, CancellationToken, Task<ApiResult<WorkspaceResponse>>> call,
        Option<bool>? makeRoom)
    {
        var name = WorkspaceOptions.Name();
        var wait = WorkspaceOptions.Wait(waitDescription);
        var command = new Command(verb, description) { name, wait };
        if (makeRoom is not null)
        {
            command.Add(makeRoom);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var workspace = await new Room(api, line.Screen, line.Time, makeRoom is not null && parsed.GetValue(makeRoom))
                .CallAsync(client => call(client, parsed.GetValue(name)!, cancellationToken), cancellationToken);
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
