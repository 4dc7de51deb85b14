using System.CommandLine;
using Tidepool.Host;
using Tidepool.Host.Passwords;
using Tidepool.Host.Processes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Cli.Commands;

internal static class PasswordCommand
{
    public static Command Create(CommandLine line)
    {
        var stdin = new Option<bool>("--stdin") { Description = "Take the password from the standard input's first line instead of making one." };
        var command = new Command("password", "Set a new password, in force at once.") { stdin };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            var state = line.State(parsed);
            if (!Directory.Exists(state.Root))
            {
                throw new CommandException($"There is no Tidepool in {state.Root}; `tidepool up` makes one, with a password.", ExitCodes.NotRunning);
            }

            var given = parsed.GetValue(stdin) ? (await line.Screen.ReadLineAsync(cancellationToken) ?? "") : null;
            if (given is not null && PasswordFile.WhyNot(given) is { } why)
            {
                throw new CommandException(why, ExitCodes.Usage);
            }

            var password = given ?? PasswordGenerator.Create();
            var settings = Settings.Read(state);
            var hash = PasswordFile.Write(state, settings.UserName, password);
            if (PidFile.ReadAlive(state.PidFile(TidepoolProcesses.Worker)) is { } worker)
            {
                Signals.Send(worker, Signals.Hangup);
            }

            line.Screen.Line(given is null ? $"The new password of {settings.UserName} is {password}\nIt is not shown again." : $"The password of {settings.UserName} is changed.");
            return await PasswordInForce.Of(state, line.Time).WaitAsync(hash, cancellationToken)
                ? ExitCodes.Ok
                : throw new CommandException(
                    "It is not in force yet: Caddy has not received it, and still accepts the old password. Run `tidepool down`, then `tidepool up`. `tidepool doctor` says what keeps the worker from its work.");
        });
        return command;
    }
}
