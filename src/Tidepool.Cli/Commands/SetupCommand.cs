using System.CommandLine;
using Tidepool.Cli.Startup;
using Tidepool.Cli.State;

namespace Tidepool.Cli.Commands;

internal static class SetupCommand
{
    private const int Steps = 3;

    public static Command Create(CommandLine line)
    {
        var cache = new Option<string?>("--cache") { Description = "Where downloads are kept; otherwise TIDEPOOL_CACHE, or the state directory.", HelpName = "DIR" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Install what is missing without asking." };
        var command = new Command("setup", "Make this machine ready without starting anything: install what is missing, build the image.") { cache, yes };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            var state = line.State(parsed);
            var directory = parsed.GetValue(cache) is { Length: > 0 } given ? Path.GetFullPath(given) : CacheDirectory.Of(state);
            var preparation = new Preparation(state, Settings.Read(state), line.Programs, line.Screen, directory);
            await preparation.RunAsync(parsed.GetValue(yes), withPorts: false, Steps, cancellationToken);
            return ExitCodes.Ok;
        });
        return command;
    }
}
