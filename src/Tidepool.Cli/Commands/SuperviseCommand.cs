using System.CommandLine;
using Tidepool.Cli.Startup;

namespace Tidepool.Cli.Commands;

/// <summary>What <c>up --detach</c> leaves running. People have no use for it.</summary>
internal static class SuperviseCommand
{
    public static Command Create(CommandLine line)
    {
        var command = new Command("supervise", "Supervise in this process.") { Hidden = true };
        command.SetAction((parsed, cancellationToken) =>
        {
            Requirements.Root();
            return new UpOperation(line.State(parsed), line.Programs, line.Screen, line.Time).SuperviseAsync(cancellationToken);
        });
        return command;
    }
}
