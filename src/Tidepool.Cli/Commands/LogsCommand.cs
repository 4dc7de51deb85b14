using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Cli.Output;
using Tidepool.Cli.Supervision;
using Tidepool.Contracts;

namespace Tidepool.Cli.Commands;

internal static class LogsCommand
{
    public static Command Create(CommandLine line)
    {
        var name = new Argument<string?>("NAME") { Description = "The workspace's name or id.", Arity = ArgumentArity.ZeroOrOne };
        var tail = new Option<int>("--tail", "-n") { Description = "How many lines from the end.", HelpName = "N", DefaultValueFactory = _ => 200 };
        var component = new Option<string?>("--component") { Description = "The log of a part of Tidepool instead of a workspace's.", HelpName = "PART" };
        component.AcceptOnlyFromAmong([.. TidepoolProcesses.Names, "supervisor", "image"]);
        var command = new Command("logs", "Show a workspace's log, or that of a part of Tidepool.") { name, tail, component };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            var state = line.State(parsed);
            var lines = parsed.GetValue(tail);
            switch (parsed.GetValue(name), parsed.GetValue(component))
            {
                case (null, { } part):
                    line.Screen.Line(LogTail.Of(state.Log(part), lines));
                    return ExitCodes.Ok;
                case ({ } workspace, null):
                    using (var api = new LocalApi(state))
                    {
                        Show(line.Screen, await api.CallAsync(client => client.LogsAsync(workspace, lines, cancellationToken)), line.Time);
                    }

                    return ExitCodes.Ok;
                default:
                    throw new CommandException("Name a workspace, or a part of Tidepool with --component.", ExitCodes.Usage);
            }
        });
        return command;
    }

    internal static void Show(Screen screen, IReadOnlyList<LogLineResponse> lines, TimeProvider time)
    {
        foreach (var entry in lines)
        {
            var at = TimeZoneInfo.ConvertTime(entry.At, time.LocalTimeZone);
            screen.Line($"{at:yyyy-MM-dd HH:mm:ss} {entry.Source,-9} {entry.Message}{(entry.DurationMs is { } ms ? FormattableString.Invariant($" ({ms:0} ms)") : "")}");
        }
    }
}
