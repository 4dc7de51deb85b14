using System.CommandLine;
using Tidepool.Host;
using Tidepool.Host.Accounts;
using Tidepool.Host.Packages;
using Tidepool.Host.Service;
using Tidepool.Host.Startup;
using Tidepool.Host.State;

namespace Tidepool.Cli.Commands;

internal static class UninstallCommand
{
    public static Command Create(CommandLine line)
    {
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Command("uninstall", "Remove every workspace and everything of Tidepool's. This cannot be undone.") { yes };
        command.SetAction((parsed, cancellationToken) =>
        {
            Requirements.Root();
            return RunAsync(line, line.State(parsed), parsed.GetValue(yes), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandLine line, StateDirectory state, bool yes, CancellationToken cancellationToken)
    {
        var screen = line.Screen;
        var removal = new StateRemoval(line.Runtimes, state);
        if (!removal.HasAnything)
        {
            screen.Line($"There is no Tidepool in {state.Root}.");
            return ExitCodes.Ok;
        }

        screen.Line("This removes, and nothing brings it back:");
        screen.Line("  - every workspace of this Tidepool, with its disk");
        var settings = Settings.Read(state, line.Runtimes);
        screen.Line($"  - {line.Runtimes.Of(settings).Possessions(settings)}");
        screen.Line($"  - the accounts {ServiceAccounts.ServerName(state)} and {ServiceAccounts.CaddyName(state)}");
        screen.Line($"  - the state directory {state.Root}: database, password, images, logs, cache");
        if (!yes && screen.Ask("Type uninstall to go on:") != "uninstall")
        {
            screen.Line("Nothing was removed.");
            return ExitCodes.Failed;
        }

        if (new SystemdUnit(state) is { IsInstalled: true } unit)
        {
            await unit.RemoveAsync(cancellationToken);
            screen.Line($"Removed {unit.Path}.");
        }

        // What is supervised is still needed to remove everything in good order.
        var exit = await DownCommand.RunAsync(line, state, purge: true, cancellationToken);
        if (exit != ExitCodes.Ok)
        {
            throw new CommandException("The state directory is kept, because something on the machine still uses it. Run `tidepool uninstall` again.");
        }

        await ServiceAccounts.RemoveAsync(state, line.Time, cancellationToken);
        foreach (var foreign in removal.Run())
        {
            screen.Line($"Kept {foreign}, which is not Tidepool's.");
        }

        screen.Line($"Removed {state.Root}.");
        var packages = await InstalledPackages.FindAsync([.. new HostPackages(line.Runtimes, line.Programs).All], cancellationToken);
        if (packages.Count > 0)
        {
            screen.Line($"These packages stay installed, because other programs may use them: {string.Join(", ", packages.Keys)}");
        }

        if (CacheDirectory.Shared is { } cache)
        {
            screen.Line($"The cache {cache}, which TIDEPOOL_CACHE names, stays.");
        }

        return ExitCodes.Ok;
    }
}
