using Tidepool.Contracts;

namespace Tidepool.Server.Problems;

/// <summary>
/// Refuses unsafe requests that a page of another origin sent. The workspaces' port is another origin of the same site,
/// so neither cookies' SameSite nor absent CORS headers would stop its pages from posting here.
/// </summary>
internal sealed class SameOriginMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var safe = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);
        return safe || IsOwn(request) ? next(context) : Refused.ExecuteAsync(context);
    }

    private static Problem Refused { get; } = new(
        403, ProblemCodes.CrossOrigin, "The request came from another site.", "Changes are taken only from Tidepool's own page and from its command line.");

    private static bool IsOwn(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site is not ("" or "same-origin" or "none"))
        {
            return false;
        }

        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0)
        {
            return true;
        }

        var forwarded = request.Headers["X-Forwarded-Host"].ToString();
        var host = forwarded.Length > 0 ? forwarded : request.Host.Value;
        return Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, WithoutDefaultPort(host, uri), StringComparison.OrdinalIgnoreCase);
    }

    private static string? WithoutDefaultPort(string? host, Uri origin) =>
        host is not null && origin.IsDefaultPort && host.EndsWith($":{origin.Port}", StringComparison.Ordinal) ? host[..host.LastIndexOf(':')] : host;
}
