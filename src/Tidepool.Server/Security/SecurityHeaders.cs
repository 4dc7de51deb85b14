namespace Tidepool.Server.Security;

/// <summary>The headers that have a browser keep other pages out of ours, and ours from loading anything that is not ours.</summary>
internal static class SecurityHeaders
{
    private const string Closed = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>The page is WebAssembly: it may compile that, and nothing else.</summary>
    private const string App =
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "manifest-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Its maker's page begins with a script in the page itself.</summary>
    private const string Docs =
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; " + Closed;

    private const string Api = "default-src 'none'; " + Closed;

    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var path = context.Request.Path;
        var policy = path.StartsWithSegments("/app", StringComparison.OrdinalIgnoreCase) ? App
            : path.StartsWithSegments("/api/docs", StringComparison.OrdinalIgnoreCase) ? Docs
            : SameOriginMiddleware.IsOurs(path) ? Api
            : null;
        if (policy is not null)
        {
            Put(context.Response, policy, isApi: ReferenceEquals(policy, Api));
        }

        return next(context);
    });

    private static void Put(HttpResponse response, string policy, bool isApi)
    {
        var headers = response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
        if (isApi)
        {
            headers.CacheControl = "no-store";
        }
    }
}
