using System.CommandLine;
using Tidepool.Cli.Api;
using Tidepool.Cli.Output;
using Tidepool.Contracts;
using Tidepool.Host;
using Tidepool.Host.Processes;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;

namespace Tidepool.Cli.Commands;

internal static class StatusCommand
{
    private static readonly string[] Columns = ["Process", "State", "Pid", "Uptime", "Memory", "Restarts"];

    public static Command Create(CommandLine line)
    {
        var command = new Command("status", "Show the processes, how they do, and the address.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            var state = line.State(parsed);
            var settings = Settings.Read(state, line.Runtimes);
            var rows = ProcessRow.ReadAll(state, line.Runtimes.Of(settings));
            if (rows.All(row => row.Process is null))
            {
                throw CommandException.NotRunning();
            }

            using var api = new LocalApi(state);
            Show(line.Screen, settings, line.Runtimes.InUse(settings), rows, await api.HealthAsync(cancellationToken));
            return ExitCodes.Ok;
        });
        return command;
    }

    internal static void Show(Screen screen, Settings settings, RuntimeDescriptor? runtime, IReadOnlyList<ProcessRow> rows, HealthResponse? health)
    {
        screen.Table(Columns, rows.Select(row => row.Cells));
        screen.Line();
        screen.Line($"Address   {settings.AppUrl}");
        if (runtime is not null)
        {
            screen.Line($"Runtime   {runtime.DisplayName}{(settings.Runtime == RuntimeCatalog.Auto ? " (auto)" : "")}");
        }

        screen.Line(health switch
        {
            null => "Health    the server does not answer",
            _ when health.Components.All(c => c.Healthy) => "Health    healthy",
            _ => "Health    unhealthy",
        });
        foreach (var component in health?.Components.Where(c => !c.Healthy) ?? [])
        {
            screen.Line($"          {component.Component}: {component.Detail ?? "down"}");
        }

        foreach (var message in rows.Select(row => row.Message).OfType<string>())
        {
            screen.Line($"          {message}");
        }
    }
}

/// <summary>One line of <c>status</c>.</summary>
internal sealed record ProcessRow(string Name, ProcessIdentity? Process, string State, TimeSpan Uptime, long Memory, int Restarts, string? Message)
{
    public IReadOnlyList<string> Cells => Process is { } process
        ? [Name, State, $"{process.Pid}", Amounts.Duration(Uptime), Amounts.Bytes(Memory), $"{Restarts}"]
        : [Name, State, "-", "-", "-", $"{Restarts}"];

    public static IReadOnlyList<ProcessRow> ReadAll(StateDirectory state, RuntimeDescriptor runtime)
    {
        var reports = SupervisorReport.Read(state).Processes.ToDictionary(p => p.Name);
        return [.. TidepoolProcesses.NamesOf(runtime).Prepend("supervisor").Select(name =>
        {
            var process = PidFile.ReadAlive(state.PidFile(name));
            var report = reports.GetValueOrDefault(name);
            return new ProcessRow(
                name,
                process,
                Describe(process, report),
                process is { } alive ? ProcessTable.Uptime(alive) : TimeSpan.Zero,
                process is { } running ? ProcessTable.Memory(running.Pid) : 0,
                report?.Restarts ?? 0,
                report?.Message);
        })];
    }

    /// <summary>The supervisor's last record counts only if the process itself does not report otherwise.</summary>
    private static string Describe(ProcessIdentity? process, ProcessReport? report) => (process, report?.State) switch
    {
        (_, ProcessReport.Failing) => ProcessReport.Failing,
        (null, null or ProcessReport.Running) => "down",
        (null, var noted) => noted,
        _ => ProcessReport.Running,
    };
}
