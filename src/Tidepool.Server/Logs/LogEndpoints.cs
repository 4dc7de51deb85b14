using Tidepool.Contracts;
using Tidepool.Core.Logs;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Hosting;
using Tidepool.Server.Problems;
using Tidepool.Server.Workspaces;

namespace Tidepool.Server.Logs;

/// <summary><c>/api/workspaces/{id}/logs</c>.</summary>
internal static class LogEndpoints
{
    private const int DefaultTail = 200;
    private const int MaxTail = 10_000;

    public static void MapLogs(this IEndpointRouteBuilder api) =>
        api.MapGet("/workspaces/{id}/logs", ReadAsync).WithTags("Workspaces")
            .WithSummary($"The last lines of the workspace's log, as JSON lines. With `after` and the answer's `{LogPageResponse.PositionHeader}`: those that came since.")
            .Produces(200, contentType: "application/x-ndjson").Problems(400, 404);

    private static async Task<IResult> ReadAsync(
        HttpResponse response, string id, string? tail, string? after, WorkspaceCommands commands, IWorkspaceLog log, CancellationToken cancellationToken)
    {
        var position = default(LogPosition);
        if (!Paging.TryParse(tail, DefaultTail, 1, MaxTail, out var lines))
        {
            return Problem.Invalid("tail", $"A whole number from 1 to {MaxTail}.");
        }

        if (after is not null && !LogPosition.TryParse(after, out position))
        {
            return Problem.Invalid("after", "The position is not one that this log gave out.");
        }

        if (await commands.FindAsync(id, cancellationToken) is not { } workspace)
        {
            return new Refusal.NotFound(id).ToProblem();
        }

        var page = after is null
            ? await log.ReadTailAsync(workspace.Name, lines, cancellationToken)
            : await log.ReadAfterAsync(workspace.Name, position, cancellationToken);
        response.Headers[LogPageResponse.PositionHeader] = page.Position.ToString();
        return new JsonLines<LogLineResponse>([.. page.Entries.Select(ToResponse)], TidepoolJson.Default.LogLineResponse);
    }

    private static LogLineResponse ToResponse(LogEntry entry) => new(entry.At, entry.Source, entry.Message, entry.DurationMs);
}
