using System.CommandLine;
using Tidepool.Host;
using Tidepool.Host.Runtimes;
using Tidepool.Host.Startup;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Cli.Commands;

internal static class SetupCommand
{
    private const int Steps = 3;

    public static Command Create(CommandLine line)
    {
        var cache = new Option<string?>("--cache") { Description = "Where downloads are kept; otherwise TIDEPOOL_CACHE, or the state directory.", HelpName = "DIR" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Install what is missing without asking." };
        var runtime = RuntimeOption.Create(line.Runtimes);
        var command = new Command("setup", "Make this machine ready without starting anything: choose the runtime, install what is missing, build the image.") { cache, runtime, yes };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            var state = line.State(parsed);
            var directory = parsed.GetValue(cache) is { Length: > 0 } given ? Path.GetFullPath(given) : CacheDirectory.Of(state);
            await StateUpgrade.RunAloneAsync(state, line.Time, cancellationToken);
            var settings = Settings.Read(state, line.Runtimes);
            if (parsed.GetValue(runtime) is { } asked)
            {
                settings.Runtime = asked;
                if (SupervisorLock.Holder(state) is not null && line.Runtimes.Parse(asked) != line.Runtimes.InUse(settings))
                {
                    throw new CommandException("Tidepool is running with another runtime. Run `tidepool down` first.");
                }

                await new RuntimeChange(line.Runtimes, state, line.Programs, line.Screen, line.Time).RunAsync(asked, settings, cancellationToken);
            }

            var preparation = new Preparation(line.Runtimes, state, settings, line.Programs, line.Screen, directory);
            await preparation.RunAsync(parsed.GetValue(yes), withPorts: false, Steps, cancellationToken);
            settings.Write(state);
            return ExitCodes.Ok;
        });
        return command;
    }
}
