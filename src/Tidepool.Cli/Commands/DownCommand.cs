using System.CommandLine;
using Tidepool.Host;
using Tidepool.Host.Service;
using Tidepool.Host.Shutdown;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Cli.Commands;

internal static class DownCommand
{
    public static Command Create(CommandLine line)
    {
        var command = new Command("down", "Stop everything. Workspaces keep their disks, and those that ran come back at the next `up`.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            return await RunAsync(line, line.State(parsed), purge: false, cancellationToken);
        });
        return command;
    }

    /// <summary>Takes everything down, whether a supervisor runs or not, and says what could not be removed.</summary>
    public static async Task<int> RunAsync(CommandLine line, StateDirectory state, bool purge, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(state.Run))
        {
            line.Screen.Line("Nothing is running.");
            return ExitCodes.Ok;
        }

        var said = 0;
        void Say(string sentence)
        {
            said++;
            line.Screen.Line(sentence);
        }

        if (purge)
        {
            await SupervisorStop.DetachAsync(state, line.Time, cancellationToken);
        }
        else
        {
            await SupervisorStop.RunAsync(state, Say, line.Time, cancellationToken);
        }

        using var only = await SupervisorLock.TakeAsync(state, line.Time, cancellationToken) ?? throw new CommandException("Another `tidepool up` is at work on this state directory; try again when it has ended.");
        var left = await new Teardown(line.Runtimes, state, line.Programs, Say, line.Time).RunAsync(purge, cancellationToken);
        foreach (var item in left)
        {
            line.Screen.Error($"Could not be removed: {item}.");
        }

        if (!purge && new SystemdUnit(state).IsInstalled)
        {
            line.Screen.Line("systemd brings it up again at the next boot; `tidepool service remove` ends that.");
        }

        line.Screen.Line(left.Count > 0 ? "Tidepool is down, but something was left over." : said == 0 ? "Nothing was running." : "Tidepool is down.");
        return left.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
