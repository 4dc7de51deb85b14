using System.CommandLine;
using System.Text.Json;
using Tidepool.Cli.Api;
using Tidepool.Cli.Output;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Commands;

internal static class CapacityCommand
{
    private static readonly string[] Totals = ["Resource", "In use", "Of", "Left"];
    private static readonly string[] Columns = ["Name", "Status", "CPUs", "Memory", "Disk", "Last used"];

    public static Command Create(CommandLine line)
    {
        var json = new Option<bool>("--json") { Description = "As JSON, as the API gives it." };
        var command = new Command("capacity", "Show how much there is for workspaces, and who has it.") { json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var capacity = await api.CallAsync(client => client.CapacityAsync(cancellationToken));
            if (parsed.GetValue(json))
            {
                line.Screen.Line(JsonSerializer.Serialize(capacity, TidepoolJson.Default.CapacityResponse));
            }
            else
            {
                Show(line.Screen, capacity, line.Time);
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    internal static void Show(Screen screen, CapacityResponse capacity, TimeProvider time)
    {
        var (budget, inUse, left) = (capacity.Budget, capacity.InUse, capacity.Available);
        screen.Table(Totals, [
            ["memory", Amounts.GiB(inUse.MemoryMiB), Amounts.GiB(budget.MemoryMiB), Amounts.GiB(left.MemoryMiB)],
            ["cores", $"{inUse.Cpus}", $"{budget.Cpus}", $"{left.Cpus}"],
            ["disk", Amounts.GiB(inUse.DiskMiB ?? 0), budget.DiskMiB is { } disk ? Amounts.GiB(disk) : "-", left.DiskMiB is { } rest ? Amounts.GiB(rest) : "-"],
        ]);
        if (capacity.Workspaces.Count == 0)
        {
            return;
        }

        screen.Line();
        screen.Table(Columns, capacity.Workspaces.Select(workspace => Row(workspace, time)));
        if (capacity.LeastRecentlyAccessed is { } oldest)
        {
            screen.Line();
            screen.Line($"Of those that run, {oldest.Name} was used least recently: it is the one to stop where room is needed.");
        }
    }

    private static IReadOnlyList<string> Row(WorkspaceCapacityResponse workspace, TimeProvider time) =>
    [
        workspace.Name,
        workspace.Status.ToString().ToLowerInvariant(),
        workspace.Cpus == 0 ? "-" : $"{workspace.Cpus}",
        workspace.MemoryMiB == 0 ? "-" : Amounts.GiB(workspace.MemoryMiB),
        Amounts.GiB(workspace.DiskMiB),
        workspace.LastAccessedAt is { } at ? $"{Amounts.Duration(time.GetUtcNow() - at)} ago" : "never",
    ];
}
