using Tidepool.Core.SignIn;
using Tidepool.Server.Problems;

namespace Tidepool.Server.Security;

/// <summary>
/// Refuses a request unless Caddy states that the owner signed in, whatever Caddy let pass. Exempt are only Caddy's own requests
/// and what is public.
/// </summary>
internal sealed class SignedInMiddleware(RequestDelegate next, CaddySecret secret)
{
    /// <summary>Caddy's own questions and the pages that it shows in a workspace's place, and the health without its details.</summary>
    private static readonly string[] Exempt = ["/api/health", "/gate", "/gate/passed", "/gate/holder"];

    private const string WorkspacePage = "/workspace-page";

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var signedIn = context.Features.Get<PeerFeature>()?.Peer == Peer.Owner || ProxySecret.Matches(request.Headers[ProxySecret.Header].ToString(), secret.Current());
        if (signedIn)
        {
            context.Features.Set(Owner.Present);
        }

        if (signedIn || IsExempt(request))
        {
            await next(context);
            return;
        }

        await RequestBody.DropAsync(request);
        await Problem.Of(401).ExecuteAsync(context);
    }

    /// <summary>Whether the request comes from the owner.</summary>
    public static bool IsOwner(HttpContext context) => context.Features.Get<Owner>() is not null;

    /// <summary>By the letter: no other spelling of an exempted path is exempted.</summary>
    private static bool IsExempt(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        return (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            && (Exempt.Contains(path, StringComparer.Ordinal) || path.StartsWith(WorkspacePage + "/", StringComparison.Ordinal));
    }

    private sealed record Owner
    {
        public static readonly Owner Present = new();
    }
}
