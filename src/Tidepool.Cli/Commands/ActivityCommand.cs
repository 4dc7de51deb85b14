using System.CommandLine;
using System.Text.Json;
using Tidepool.Cli.Api;
using Tidepool.Cli.Output;
using Tidepool.Contracts;
using Tidepool.Host;

namespace Tidepool.Cli.Commands;

internal static class ActivityCommand
{
    private const int LargestPage = 100;
    private static readonly string[] Columns = ["When", "Workspace", "What", "By", "Outcome", "Took", "Detail"];

    public static Command Create(CommandLine line)
    {
        var name = new WorkspaceArgument("Of this workspace only, by its name or id.") { Arity = ArgumentArity.ZeroOrOne };
        var limit = Values.Number("--limit", "-n", otherwise: 25, min: 1);
        limit.Description = "How many, newest first.";
        limit.HelpName = "N";
        var json = new Option<bool>("--json") { Description = "As JSON lines, as the API gives them." };
        var command = new Command("activity", "Show who did what when, and how it ended.") { name, limit, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Requirements.Root();
            using var api = new LocalApi(line.State(parsed));
            var all = await ReadAsync(api, parsed.GetValue(name), parsed.GetValue(limit), cancellationToken);
            if (parsed.GetValue(json))
            {
                foreach (var item in all)
                {
                    line.Screen.Line(JsonSerializer.Serialize(item, TidepoolJson.Default.ActivityResponse));
                }
            }
            else
            {
                Show(line.Screen, all, line.Time);
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    internal static void Show(Screen screen, IReadOnlyList<ActivityResponse> items, TimeProvider time)
    {
        if (items.Count == 0)
        {
            screen.Line("Nothing yet.");
            return;
        }

        screen.Table(Columns, items.Select(item => Row(item, time)));
    }

    private static async Task<IReadOnlyList<ActivityResponse>> ReadAsync(LocalApi api, string? name, int limit, CancellationToken cancellationToken)
    {
        var all = new List<ActivityResponse>();
        string? cursor = null;
        do
        {
            var page = await api.CallAsync(client => client.ActivityAsync(name, Math.Min(LargestPage, limit - all.Count), cursor, cancellationToken));
            all.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null && all.Count < limit);

        return all;
    }

    private static IReadOnlyList<string> Row(ActivityResponse item, TimeProvider time) =>
    [
        TimeZoneInfo.ConvertTime(item.At, time.LocalTimeZone).ToString("yyyy-MM-dd HH:mm:ss"),
        item.WorkspaceName,
        item.Verb,
        item.Actor,
        item.Outcome,
        item.DurationMs is { } ms ? FormattableString.Invariant($"{ms / 1000:0.0} s") : "-",
        item.Detail ?? "",
    ];
}
