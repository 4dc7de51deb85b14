using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Tidepool.Contracts;

namespace Tidepool.Server.Problems;

/// <summary>An RFC 9457 answer with a stable code.</summary>
internal sealed record Problem(int Status, string Code, string Title, string Detail) : IResult
{
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    public IReadOnlyDictionary<string, object?>? Extensions { get; init; }

    /// <summary>In seconds; sent with a problem after which the client may try again.</summary>
    public string RetryAfter { get; init; } = "2";

    public static Problem Invalid(string field, string message) => Invalid(new Dictionary<string, string[]> { [field] = [message] });

    public static Problem Invalid(IReadOnlyDictionary<string, string[]> errors) =>
        new(400, ProblemCodes.Validation, "The request is not valid.", string.Join(' ', errors.Values.SelectMany(messages => messages))) { Errors = errors };

    public static Problem DependencyDown(string dependency) =>
        new(503, ProblemCodes.DependencyDown, "A part of Tidepool is not answering.", $"The {dependency} does not answer. Try again shortly; `tidepool doctor` shows details.")
        {
            Extensions = new Dictionary<string, object?> { ["dependency"] = dependency },
        };

    /// <summary>Nothing could be written for want of space.</summary>
    public static Problem StorageFull() =>
        new(507, ProblemCodes.StorageFull, "The disk is full.", "Nothing could be written, so nothing was changed, and nothing was lost. Free space on the disk that holds Tidepool's state directory and try again; `tidepool doctor` names it.");

    /// <summary>The problem that stands for a bare status, such as the framework itself gives.</summary>
    public static Problem Of(int status) => status switch
    {
        400 => new(400, ProblemCodes.Validation, "The request is not valid.", "The request could not be read. Check its path, query and body."),
        401 => new(401, ProblemCodes.SignInNeeded, "The request is not signed in.", "Open Tidepool's page and sign in, or send the user name and the password by HTTP basic authentication."),
        404 => new(404, ProblemCodes.NotFound, "There is nothing here.", "The API has no such address. /api/docs lists those it has."),
        405 => new(405, ProblemCodes.MethodNotAllowed, "The method does not fit the address.", "The address exists, but not for this method. /api/docs lists what it takes."),
        413 => new(413, ProblemCodes.TooLarge, "The request is too large.", $"A request's body may have at most {RequestBody.MaxBytes / 1024} KiB."),
        415 => new(415, ProblemCodes.UnsupportedMediaType, "The body's type is not understood.", "Send the body as application/json."),
        429 => new(429, ProblemCodes.TooManyRequests, "There were too many requests.", "Wait a little and try again."),
        503 => DependencyDown("control plane"),
        507 => StorageFull(),
        _ => new(status, ProblemCodes.Internal, "Something went wrong inside Tidepool.", "It was logged. Try again; if it stays, `tidepool logs --component server` shows details."),
    };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var body = new ProblemDetails { Type = ProblemPage.TypeOf(Code), Title = Title, Status = Status, Detail = Detail, Instance = httpContext.Request.Path };
        body.Extensions["code"] = Code;
        if (Errors is not null)
        {
            body.Extensions["errors"] = Errors;
        }

        foreach (var (key, value) in Extensions ?? new Dictionary<string, object?>())
        {
            body.Extensions[key] = value;
        }

        httpContext.Response.StatusCode = Status;
        if (Status is 429 or 503 or 507)
        {
            httpContext.Response.Headers.RetryAfter = RetryAfter;
        }

        await httpContext.Response.WriteAsJsonAsync(body, JsonSerializerOptions.Web, "application/problem+json", httpContext.RequestAborted);
    }
}
