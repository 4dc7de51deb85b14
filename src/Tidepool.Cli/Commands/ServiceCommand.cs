using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Host;
using Tidepool.Host.Service;
using Tidepool.Host.Shutdown;
using Tidepool.Host.Startup;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Cli.Commands;

internal static class ServiceCommand
{
    public static Command Create(CommandLine line)
    {
        var install = new Command("install", "Have systemd bring Tidepool up at boot and supervise it. What runs goes on running.");
        install.SetAction((parsed, cancellationToken) => InstallAsync(line, line.State(parsed), cancellationToken));
        var remove = new Command("remove", "Take Tidepool away from systemd. What runs goes on running, but does not start again at boot.");
        remove.SetAction((parsed, cancellationToken) => RemoveAsync(line, line.State(parsed), cancellationToken));
        return new Command("service", "Start at boot, by systemd.") { install, remove };
    }

    private static async Task<int> InstallAsync(CommandLine line, StateDirectory state, CancellationToken cancellationToken)
    {
        Requirements.Root();
        if (!SystemdUnit.IsPossible)
        {
            throw new CommandException("systemd does not run this machine. Have its own init call `tidepool up --detach` at boot.");
        }

        if (!File.Exists(state.Settings))
        {
            throw new CommandException("Run `tidepool up` once before: it prepares this machine and makes the password.");
        }

        var unit = new SystemdUnit(state);
        unit.Write(line.Runtimes, line.Programs);
        await SystemdUnit.ControlAsync(["daemon-reload"], cancellationToken);
        await SystemdUnit.ControlAsync(["enable", unit.Name], cancellationToken);
        line.Screen.Line($"Wrote {unit.Path}; systemd brings Tidepool up at boot.");

        // The earlier supervisor detaches and systemd's takes over: the workspaces are not interrupted.
        if (SupervisorLock.Holder(state) is not null)
        {
            line.Screen.Line("Handing over what runs now.");
            await SupervisorStop.DetachAsync(state, line.Time, cancellationToken);
        }

        await SystemdUnit.ControlAsync(["restart", unit.Name], cancellationToken);
        await new HealthWait(line.Runtimes, state, Settings.Read(state, line.Runtimes), line.Screen, LocalApi.HealthOf(state), line.Time).RunAsync(() => true, cancellationToken);
        line.Screen.Line($"Tidepool is up under systemd. `systemctl status {unit.Name}` shows it; `tidepool down` and `tidepool up` work as before.");
        return ExitCodes.Ok;
    }

    private static async Task<int> RemoveAsync(CommandLine line, StateDirectory state, CancellationToken cancellationToken)
    {
        Requirements.Root();
        var unit = new SystemdUnit(state);
        if (!unit.IsInstalled)
        {
            line.Screen.Line("Tidepool is not a service of systemd here; nothing was changed.");
            return ExitCodes.Ok;
        }

        await unit.RemoveAsync(cancellationToken);
        line.Screen.Line($"Removed {unit.Path}. Tidepool no longer starts at boot.");
        line.Screen.Line(SupervisorLock.Holder(state) is null ? "It is down; `tidepool up` brings it up." : "It goes on running; `tidepool down` takes it down.");
        return ExitCodes.Ok;
    }
}
