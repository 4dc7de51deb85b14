using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Host.Startup;

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
            var state = line.State(parsed);
            return new UpOperation(line.Runtimes, state, line.Programs, line.Screen, LocalApi.HealthOf(state), line.Time).SuperviseAsync(cancellationToken);
        });
        return command;
    }
}
