using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Cli.Output;
using Tidepool.Cli.Workspaces;
using Tidepool.Contracts;
using Tidepool.Host;
using Tidepool.Host.Files;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Cli.Commands;

internal static class LogsCommand
{
    private const int MaxTail = 10_000;

    public static Command Create(CommandLine line)
    {
        var name = new WorkspaceArgument("The workspace's name or id.") { Arity = ArgumentArity.ZeroOrOne };
        var tail = Values.Number("--tail", "-n", otherwise: 200, min: 1, MaxTail);
        tail.Description = "How many lines from the end.";
        tail.HelpName = "N";
        var follow = new Option<bool>("--follow", "-f") { Description = "Show what comes, until Ctrl-C." };
        var component = new Option<string?>("--component") { Description = "The log of a part of Tidepool instead of a workspace's.", HelpName = "PART" };
        Values.AcceptOnly(component, [.. TidepoolProcesses.Names(line.Runtimes), "supervisor", "image"]);
        var command = new Command("logs", "Show a workspace's log, with times in this machine's zone, or that of a part of Tidepool.") { name, tail, follow, component };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            var state = line.State(parsed);
            var lines = parsed.GetValue(tail);
            try
            {
                switch (parsed.GetValue(name), parsed.GetValue(component))
                {
                    case (null, { } part):
                        await ShowPartAsync(line, state.Log(part), lines, parsed.GetValue(follow), cancellationToken);
                        return ExitCodes.Ok;
                    case ({ } workspace, null):
                        await ShowWorkspaceAsync(line, state, workspace, lines, parsed.GetValue(follow), cancellationToken);
                        return ExitCodes.Ok;
                    default:
                        throw new CommandException("Name a workspace, or a part of Tidepool with --component.", ExitCodes.Usage);
                }
            }
            catch (OperationCanceledException) when (parsed.GetValue(follow) && cancellationToken.IsCancellationRequested)
            {
                // That is how following ends.
                return ExitCodes.Ok;
            }
        });
        return command;
    }

    private static async Task ShowPartAsync(CommandLine line, string path, int tail, bool follow, CancellationToken cancellationToken)
    {
        var file = new FollowedFile(path);
        line.Screen.Line(LogTail.Of(path, tail));
        if (follow)
        {
            await file.FollowAsync(text => line.Screen.Line(PlainText.Of(text)), line.Time, cancellationToken);
        }
    }

    private static async Task ShowWorkspaceAsync(CommandLine line, StateDirectory state, string name, int tail, bool follow, CancellationToken cancellationToken)
    {
        using var api = new LocalApi(state);
        var found = await api.TryAsync(client => client.GetAsync(name, cancellationToken));
        if (found.Problem?.Code == ProblemCodes.NotFound && DeletedLog.Find(state, name, tail) is { } left)
        {
            Show(line.Screen, left, line.Time);
            line.Screen.Error($"{name} is deleted; this is what is left of its log.");
            return;
        }

        // By its id from here on: the next workspace of that name has a log of its own.
        var id = found.Value?.Id ?? throw new CommandException(LocalApi.Sentence(found.Problem));
        var page = await api.CallAsync(client => client.ReadLogAsync(id, null, tail, cancellationToken));
        Show(line.Screen, page.Lines, line.Time);
        if (follow && page.Position is { } position)
        {
            await new WorkspaceLogFollow(api, line.Screen, line.Time).RunAsync(id, name, position, cancellationToken);
        }
    }

    internal static void Show(Screen screen, IReadOnlyList<LogLineResponse> lines, TimeProvider time)
    {
        foreach (var entry in lines)
        {
            var at = TimeZoneInfo.ConvertTime(entry.At, time.LocalTimeZone);
            screen.Line($"{at:yyyy-MM-dd HH:mm:ss} {entry.Source,-9} {PlainText.Of(entry.Message)}{(entry.DurationMs is { } ms ? FormattableString.Invariant($" ({ms:0} ms)") : "")}");
        }
    }
}
