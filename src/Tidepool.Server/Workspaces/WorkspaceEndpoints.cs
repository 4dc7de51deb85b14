using Tidepool.Contracts;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Hosting;
using Tidepool.Server.Problems;

namespace Tidepool.Server.Workspaces;

/// <summary><c>/api/workspaces</c>.</summary>
internal static class WorkspaceEndpoints
{
    public static void MapWorkspaces(this IEndpointRouteBuilder api)
    {
        var workspaces = api.MapGroup("/workspaces").WithTags("Workspaces");
        workspaces.MapGet("", ListAsync).WithSummary("List the workspaces, newest first.").Produces<PageResponse<WorkspaceResponse>>().Problems(400);
        workspaces.MapPost("", CreateAsync).WithSummary("Create a workspace and start it.")
            .Accepts<CreateWorkspaceRequest>("application/json").Produces<WorkspaceResponse>(201).Problems(400, 403, 409, 413, 415);
        workspaces.MapGet("/{id}", GetAsync).WithSummary("One workspace, by id or by name.").Produces<WorkspaceResponse>().Problems(404);
        workspaces.MapPost("/{id}/start", StartAsync).WithSummary("Want the workspace running.").Produces<WorkspaceResponse>(202).Produces<WorkspaceResponse>().Problems(403, 404, 409);
        workspaces.MapPost("/{id}/stop", StopAsync).WithSummary("Want the workspace stopped. Its disk stays.").Produces<WorkspaceResponse>(202).Produces<WorkspaceResponse>().Problems(403, 404, 409);
        workspaces.MapPost("/{id}/clone", CloneAsync).WithSummary("Create a workspace with a copy of this one's disk, and start it.")
            .Accepts<CloneWorkspaceRequest>("application/json").Produces<WorkspaceResponse>(201).Problems(400, 403, 404, 409, 413, 415);
        workspaces.MapDelete("/{id}", DeleteAsync).WithSummary("Want the workspace gone, irreversibly, with its disk.").Produces<WorkspaceResponse>(202).Problems(403, 404);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, string? limit, string? cursor, IWorkspaceStore store, WorkspaceUrls urls, CancellationToken cancellationToken)
    {
        if (Paging.Validate(limit, cursor, out var count) is { } problem)
        {
            return problem;
        }

        try
        {
            var page = await store.ListAsync(count, cursor, cancellationToken);
            var origin = urls.Origin(request);
            return TypedResults.Ok(new PageResponse<WorkspaceResponse>([.. page.Items.Select(w => w.ToResponse(origin))], page.NextCursor));
        }
        catch (InvalidCursorException fault)
        {
            return Problem.Invalid("cursor", fault.Message);
        }
    }

    private static async Task<IResult> CreateAsync(HttpRequest request, WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken)
    {
        var (body, problem) = await RequestBody.ReadAsync(request, TidepoolJson.Default.CreateWorkspaceRequest);
        problem ??= CreateWorkspaceValidation.Validate(body!);
        if (problem is not null)
        {
            return problem;
        }

        return Created(request, urls, await commands.CreateAsync(body!, cancellationToken));
    }

    private static async Task<IResult> CloneAsync(HttpRequest request, string id, WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken)
    {
        var (body, problem) = await RequestBody.ReadAsync(request, TidepoolJson.Default.CloneWorkspaceRequest);
        if (problem is not null)
        {
            return problem;
        }

        return WorkspaceName.TryParse(body!.Name, out var name)
            ? Created(request, urls, await commands.CloneAsync(id, name, cancellationToken))
            : Problem.Invalid("name", CreateWorkspaceValidation.NameFault);
    }

    private static async Task<IResult> GetAsync(HttpRequest request, string id, WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken) =>
        await commands.FindAsync(id, cancellationToken) is { } workspace
            ? TypedResults.Ok(workspace.ToResponse(urls.Origin(request)))
            : NotFound(id);

    private static async Task<IResult> StartAsync(HttpRequest request, string id, WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken) =>
        Answer(request, urls, await commands.StartAsync(id, cancellationToken));

    private static async Task<IResult> StopAsync(HttpRequest request, string id, WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken) =>
        Answer(request, urls, await commands.StopAsync(id, cancellationToken));

    private static async Task<IResult> DeleteAsync(HttpRequest request, string id, WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken) =>
        await commands.DeleteAsync(id, cancellationToken) switch
        {
            Decision.Unchanged deleting => TypedResults.Accepted((string?)null, deleting.Workspace.ToResponse(urls.Origin(request))),
            var decision => Answer(request, urls, decision),
        };

    private static IResult Created(HttpRequest request, WorkspaceUrls urls, Decision decision) => decision switch
    {
        Decision.Accepted created => TypedResults.Created($"/api/workspaces/{created.Workspace.Id}", created.Workspace.ToResponse(urls.Origin(request))),
        _ => Answer(request, urls, decision),
    };

    private static IResult Answer(HttpRequest request, WorkspaceUrls urls, Decision decision) => decision switch
    {
        Decision.Accepted accepted => TypedResults.Accepted((string?)null, accepted.Workspace.ToResponse(urls.Origin(request))),
        Decision.Unchanged unchanged => TypedResults.Ok(unchanged.Workspace.ToResponse(urls.Origin(request))),
        Decision.Refused refused => refused.Refusal.ToProblem(),
        _ => throw new InvalidOperationException("An unknown decision."),
    };

    private static Problem NotFound(string reference) => new Refusal.NotFound(reference).ToProblem();
}
