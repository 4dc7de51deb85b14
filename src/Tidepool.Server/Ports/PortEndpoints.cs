using Tidepool.Contracts;
using Tidepool.Core.Ports;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Hosting;
using Tidepool.Server.Problems;
using Tidepool.Server.Workspaces;

namespace Tidepool.Server.Ports;

/// <summary><c>/api/workspaces/{id}/ports</c>.</summary>
internal static class PortEndpoints
{
    private const int MaxLabel = 40;

    public static void MapPorts(this IEndpointRouteBuilder api)
    {
        var ports = api.MapGroup("/workspaces/{id}/ports").WithTags("Ports");
        ports.MapGet("", ListAsync).WithSummary("The workspace's registered ports.").Produces<IReadOnlyList<PortResponse>>().Problems(404);
        ports.MapPost("", RegisterAsync).WithSummary("Register a port, or change its label or its switch. Nothing has to listen there yet.")
            .Accepts<RegisterPortRequest>("application/json").Produces<PortResponse>(201).Produces<PortResponse>().Problems(400, 403, 404, 409, 413, 415);
        ports.MapDelete("/{port}", UnregisterAsync).WithSummary("Unregister a port. What is connected to it is cut off.").Produces(204).Problems(400, 403, 404);
    }

    private static async Task<IResult> ListAsync(HttpRequest request, string id, WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken) =>
        await commands.FindAsync(id, cancellationToken) is { } workspace
            ? TypedResults.Ok(workspace.ToResponse(urls.Origin(request)).Ports)
            : new Refusal.NotFound(id).ToProblem();

    private static async Task<IResult> RegisterAsync(HttpRequest request, string id, WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken)
    {
        var (body, problem) = await RequestBody.ReadAsync(request, TidepoolJson.Default.RegisterPortRequest);
        problem ??= Validate(body!);
        if (problem is not null)
        {
            return problem;
        }

        var port = PortNumber.Parse(body!.Port!.Value);
        var label = string.IsNullOrWhiteSpace(body.Label) ? null : body.Label.Trim();
        var known = (await commands.FindAsync(id, cancellationToken))?.Ports.Any(p => p.Port == port) == true;
        return await commands.RegisterPortAsync(id, port, label, body.StripPrefix ?? true, cancellationToken) switch
        {
            Decision.Accepted accepted when !known => TypedResults.Created($"/api/workspaces/{accepted.Workspace.Id}/ports", Shown(accepted.Workspace)),
            Decision.Accepted accepted => TypedResults.Ok(Shown(accepted.Workspace)),
            Decision.Unchanged unchanged => TypedResults.Ok(Shown(unchanged.Workspace)),
            Decision.Refused refused => refused.Refusal.ToProblem(),
            _ => throw new InvalidOperationException("An unknown decision."),
        };

        PortResponse Shown(Workspace workspace) => workspace.ToResponse(urls.Origin(request)).Ports.First(p => p.Port == port.Value);
    }

    private static async Task<IResult> UnregisterAsync(string id, string port, WorkspaceCommands commands, CancellationToken cancellationToken)
    {
        if (!Paging.TryParse(port, 0, PortNumber.Lowest, PortNumber.Highest, out var number))
        {
            return WrongPort;
        }

        return await commands.UnregisterPortAsync(id, PortNumber.Parse(number), cancellationToken) switch
        {
            Decision.Refused refused => refused.Refusal.ToProblem(),
            _ => TypedResults.NoContent(),
        };
    }

    private static Problem WrongPort { get; } = Problem.Invalid("port", $"A port is a whole number from {PortNumber.Lowest} to {PortNumber.Highest}.");

    private static Problem? Validate(RegisterPortRequest request)
    {
        var errors = new Dictionary<string, string[]>();
        if (request.Port is not { } number || !PortNumber.TryParse(number, out _))
        {
            errors["port"] = WrongPort.Errors!["port"];
        }

        if (request.Label is { Length: > MaxLabel } || request.Label?.Any(char.IsControl) == true)
        {
            errors["label"] = [$"A label has at most {MaxLabel} characters, in one line."];
        }

        return errors.Count == 0 ? null : Problem.Invalid(errors);
    }
}
