using Tidepool.Contracts;
using Tidepool.Server.Problems;

namespace Tidepool.Server.Security;

/// <summary>
/// Keeps pages of other origins away from the API and the app. The workspaces' port is another origin of the same site, and a
/// browser sends the owner's password along with whatever its pages ask for here, so neither cookies' SameSite nor absent CORS
/// headers would stop them from changing things, or from finding out about them by how long an answer takes.
/// </summary>
internal sealed class SameOriginMiddleware(RequestDelegate next)
{
    private static readonly Problem Refused = new(
        403, ProblemCodes.CrossOrigin, "The request came from another site.", "Only Tidepool's own page and its command line are answered.");

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!IsOurs(request.Path))
        {
            await next(context);
            return;
        }

        var problem = IsForeign(request) ? Refused : HasForeignBody(request) ? Problem.Of(415) : null;
        if (problem is null)
        {
            await next(context);
            return;
        }

        await RequestBody.DropAsync(request);
        await problem.ExecuteAsync(context);
    }

    /// <summary>
    /// All but the pages about workspaces, which Caddy shows on the workspaces' own port, and its own questions. In any spelling, as
    /// Caddy and the routing have it, too.
    /// </summary>
    public static bool IsOurs(PathString path) =>
        !path.StartsWithSegments("/workspace-page", StringComparison.OrdinalIgnoreCase) && !path.StartsWithSegments("/gate", StringComparison.OrdinalIgnoreCase);

    private static bool IsForeign(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site is not ("" or "same-origin" or "none") && !IsLinkToPage(request))
        {
            return true;
        }

        // A browser names the origin with everything that can change something and with every stream; other programs name none.
        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0 && !IsOwn(origin, request);
    }

    /// <summary>A link on any page may lead to ours, in a window of its own.</summary>
    private static bool IsLinkToPage(HttpRequest request) =>
        HttpMethods.IsGet(request.Method)
        && request.Headers["Sec-Fetch-Mode"] == "navigate"
        && request.Headers["Sec-Fetch-Dest"] == "document"
        && (request.Path.StartsWithSegments("/app", StringComparison.OrdinalIgnoreCase) || request.Path.StartsWithSegments("/api/docs", StringComparison.OrdinalIgnoreCase));

    /// <summary>A browser lets any page send a form's content types, so none of them is accepted.</summary>
    private static bool HasForeignBody(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method)
        && (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)
        && !request.HasJsonContentType();

    private static bool IsOwn(string origin, HttpRequest request)
    {
        var forwarded = request.Headers["X-Forwarded-Host"].ToString();
        var host = forwarded.Length > 0 ? forwarded : request.Host.Value;
        return Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, WithoutDefaultPort(host, uri), StringComparison.OrdinalIgnoreCase);
    }

    private static string? WithoutDefaultPort(string? host, Uri origin) =>
        host is not null && origin.IsDefaultPort && host.EndsWith($":{origin.Port}", StringComparison.Ordinal) ? host[..host.LastIndexOf(':')] : host;
}
