using Tidepool.Contracts;
using Tidepool.Core.Activities;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Hosting;
using Tidepool.Server.Problems;
using Tidepool.Server.Workspaces;

namespace Tidepool.Server.Activities;

/// <summary>The audit trail.</summary>
internal static class ActivityEndpoints
{
    public static void MapActivities(this IEndpointRouteBuilder api)
    {
        api.MapGet("/activity", AllAsync).WithTags("Activity").WithSummary("Who did what when, and how it ended; newest first.")
            .Produces<PageResponse<ActivityResponse>>().Problems(400);
        api.MapGet("/workspaces/{id}/activity", OfOneAsync).WithTags("Activity").WithSummary("The same, of one workspace.")
            .Produces<PageResponse<ActivityResponse>>().Problems(400, 404);
    }

    private static Task<IResult> AllAsync(string? limit, string? cursor, IActivityStore store, CancellationToken cancellationToken) =>
        ListAsync(store, null, limit, cursor, cancellationToken);

    private static async Task<IResult> OfOneAsync(
        string id, string? limit, string? cursor, IActivityStore store, WorkspaceCommands commands, CancellationToken cancellationToken) =>
        await commands.FindAsync(id, cancellationToken) is { } workspace
            ? await ListAsync(store, workspace.Id, limit, cursor, cancellationToken)
            : new Refusal.NotFound(id).ToProblem();

    private static async Task<IResult> ListAsync(IActivityStore store, WorkspaceId? id, string? limit, string? cursor, CancellationToken cancellationToken)
    {
        if (Paging.Validate(limit, cursor, out var count) is { } problem)
        {
            return problem;
        }

        try
        {
            var page = await store.ListAsync(id, count, cursor, cancellationToken);
            return TypedResults.Ok(new PageResponse<ActivityResponse>([.. page.Items.Select(ToResponse)], page.NextCursor));
        }
        catch (InvalidCursorException fault)
        {
            return Problem.Invalid("cursor", fault.Message);
        }
    }

    private static ActivityResponse ToResponse(Activity activity) => new(
        activity.Sequence,
        activity.Workspace.ToString(),
        activity.Name.Value,
        activity.Verb,
        activity.Actor.ToString().ToLowerInvariant(),
        activity.Outcome.ToString().ToLowerInvariant(),
        activity.Detail,
        activity.Duration?.TotalMilliseconds,
        activity.At);
}
