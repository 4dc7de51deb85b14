using System.CommandLine;
using System.Text.Json;
using Tidepool.Cli.Api;
using Tidepool.Cli.Output;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Commands;

internal static class ListCommand
{
    private static readonly string[] Columns = ["Name", "Status", "CPUs", "Memory", "Isolation", "URL"];

    public static Command Create(CommandLine line)
    {
        var json = new Option<bool>("--json") { Description = "As JSON, as the API gives it." };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Names only, one a line." };
        var command = new Command("ls", "List the workspaces, newest first.") { json, quiet };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var all = new List<WorkspaceResponse>();
            string? cursor = null;
            do
            {
                var page = await api.CallAsync(client => client.ListAsync(cursor: cursor, cancellationToken: cancellationToken));
                all.AddRange(page.Items);
                cursor = page.NextCursor;
            }
            while (cursor is not null);

            if (parsed.GetValue(quiet))
            {
                ShowNames(line.Screen, all);
            }
            else
            {
                Show(line.Screen, all, parsed.GetValue(json));
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    internal static void ShowNames(Screen screen, IReadOnlyList<WorkspaceResponse> workspaces)
    {
        foreach (var workspace in workspaces)
        {
            screen.Line(workspace.Name);
        }
    }

    internal static void Show(Screen screen, IReadOnlyList<WorkspaceResponse> workspaces, bool json)
    {
        if (json)
        {
            screen.Line($"[{string.Join(",\n", workspaces.Select(w => JsonSerializer.Serialize(w, TidepoolJson.Default.WorkspaceResponse)))}]");
        }
        else if (workspaces.Count == 0)
        {
            screen.Line("No workspaces yet; `tidepool new NAME` makes one.");
        }
        else
        {
            screen.Table(Columns, workspaces.Select(Row));
        }
    }

    private static IReadOnlyList<string> Row(WorkspaceResponse workspace) =>
    [
        workspace.Name,
        workspace.Status.ToString().ToLowerInvariant() + (workspace.Progress is { } p ? $" {p.Step}/{p.Of}" : ""),
        $"{workspace.Cpus}",
        Amounts.MiB(workspace.MemoryMiB),
        workspace.Isolation switch
        {
            Isolation.VirtualMachine => "virtual machine",
            Isolation.EmulatedMachine => "emulated machine",
            Isolation.Container => "container",
            null => "-",
        },
        workspace.Error?.Message ?? workspace.Url ?? "-",
    ];
}
