using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Cli.Output;
using Tidepool.Host;
using Tidepool.Host.Doctor;
using Tidepool.Host.Startup;
using Tidepool.Host.State;

namespace Tidepool.Cli.Commands;

internal static class DoctorCommand
{
    private static readonly string[] Columns = ["", "Code", "Check", "Seen"];

    public static Command Create(CommandLine line)
    {
        var command = new Command("doctor", "Check the machine and the installation, and say what to do next. Changes nothing.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var state = line.State(parsed);
            var host = HostChecks.Of(line.Runtimes, await HostFacts.ReadAsync(state.Root, cancellationToken), state, Settings.Read(state, line.Runtimes));
            // Only root can check the rest.
            var installation = string.Equals(Environment.UserName, "root", StringComparison.Ordinal)
                ? await InstallationChecks.RunAsync(line.Runtimes, state, line.Programs, line.Screen, LocalApi.HealthOf(state), CacheDirectory.Of(state), cancellationToken)
                : [];
            return Show(line.Screen, [.. host, .. installation]);
        });
        return command;
    }

    internal static int Show(Screen screen, IReadOnlyList<CheckResult> checks)
    {
        screen.Table(Columns, checks.Select(c => (IReadOnlyList<string>)[Word(c.Status), c.Code, c.Title, c.Detail]));
        foreach (var check in checks.Where(c => c.Next is not null))
        {
            screen.Line();
            screen.Line($"{check.Code} {Word(check.Status)}: {check.Title}. {check.Detail}");
            screen.Line($"    {check.Next}");
        }

        var failed = checks.Count(c => c.Status == CheckStatus.Fail);
        screen.Line();
        screen.Line(failed == 0 ? "Nothing stands in the way." : $"{failed} of {checks.Count} checks failed. docs/doctor.md explains each code.");
        return failed == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static string Word(CheckStatus status) => status switch
    {
        CheckStatus.Ok => "ok",
        CheckStatus.Warn => "warn",
        CheckStatus.Fail => "fail",
    };
}
