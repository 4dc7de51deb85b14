using System.Text.Json;
using Tidepool.Contracts;
using Tidepool.Host.State;

namespace Tidepool.Cli.Workspaces;

/// <summary>What is left of the log of a workspace that is gone. The server knows it no more, so it is read where it lies.</summary>
internal static class DeletedLog
{
    /// <summary>The last lines of the log of the workspace that was last deleted under that name; null if nothing is left.</summary>
    public static IReadOnlyList<LogLineResponse>? Find(StateDirectory state, string name, int tail)
    {
        if (!Directory.Exists(state.DeletedWorkspaceLogs) || name.Contains('/', StringComparison.Ordinal))
        {
            return null;
        }

        // {time}-{name}; the time has no hyphen, a name may have several.
        var newest = Directory.EnumerateDirectories(state.DeletedWorkspaceLogs)
            .Where(path => Path.GetFileName(path).Split('-', 2) is [_, var whose] && whose == name)
            .Max(StringComparer.Ordinal);
        return newest is null ? null
            :
            [
                .. Directory.EnumerateFiles(newest, "*.jsonl").Order(StringComparer.Ordinal)
                    .SelectMany(File.ReadLines)
                    .Select(Parse)
                    .OfType<LogLineResponse>()
                    .TakeLast(tail),
            ];
    }

    private static LogLineResponse? Parse(string line)
    {
        try
        {
            return line.Length == 0 ? null : JsonSerializer.Deserialize(line, TidepoolJson.Default.LogLineResponse);
        }
        catch (JsonException)
        {
            // A line that was not written to its end.
            return null;
        }
    }
}
