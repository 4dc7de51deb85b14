using System.Text.Json.Nodes;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>
/// What Caddy takes off the answers of workspaces. All workspaces share an origin, and that origin a host name with the API's, so
/// a header that acts beyond the answer that brings it reaches other workspaces or the owner's session. docs/security.md says of
/// each why it goes or stays.
/// </summary>
internal static class WorkspaceAnswers
{
    /// <summary>
    /// The headers that act beyond their answer, in Caddy's patterns. Families are named as families: what browsers add to them
    /// later is dropped, too. Everything else passes, for programs in a workspace make up headers of their own.
    /// </summary>
    private static readonly string[] OriginWide =
    [
        // The origin's or the host's storage, connections, caches and agents.
        "Clear-Site-Data", "Strict-Transport-Security", "Expect-CT", "Public-Key-Pins*", "Alt-Svc", "Origin-*", "Critical-*",
        "Accept-CH*", "*-Dictionary", "Cache-Group*", "Set-Cookie2", "Activate-Storage-Access", "X-Permitted-Cross-Domain-Policies",

        // Reports about the origin, sent wherever the header says.
        "NEL", "Report-To", "Reporting-*",

        // Sign-in: a challenge makes the browser ask for the owner's password on the workspace's behalf.
        "*-Authenticate", "*Authentication-Info", "*Authentication-Control", "Set-Login", "IdP-*", "Secure-Session-*",

        // Advertising, which browsers keep by site.
        "Attribution-Reporting-*", "Ad-Auction-*", "Observe-Browsing-Topics", "*Shared-Storage-*",

        // Orders to a proxy in front of Caddy, to send what it alone can read.
        "X-Accel-Redirect", "X-Accel-Expires", "X-Sendfile*", "X-LIGHTTPD-*", "X-LiteSpeed-*", "X-Reproxy-*",

        // Our own.
        "X-Tidepool-*",
    ];

    /// <summary>Browsers keep this prefix for themselves, and take orders by it.</summary>
    private const string BrowsersOwn = "Sec-*";

    /// <summary>The same without <c>Sec-WebSocket-</c>.</summary>
    private static readonly string[] BrowsersOwnButWebSocket = [.. Enumerable.Range('A', 26).Where(letter => letter != 'W').Select(letter => $"Sec-{(char)letter}*")];

    /// <summary>Informational answers, of which 101 is a final one.</summary>
    private static readonly int[] Informational = [100, .. Enumerable.Range(102, 98)];

    /// <summary>What the proxy deletes from a final answer.</summary>
    public static JsonArray Deleted() => Texts([.. OriginWide, BrowsersOwn]);

    /// <summary>
    /// What the proxy passes on without its own rules for headers: the head of a WebSocket's answer, informational answers, and
    /// the names of trailers. These handlers wrap whatever answers a request to the workspaces' port. A cookie that Caddy itself
    /// gives with such an answer goes as well; Caddy gives it again with the next.
    /// </summary>
    public static IEnumerable<JsonObject> Handlers()
    {
        yield return Response(Texts([.. OriginWide, .. BrowsersOwnButWebSocket, "Set-Cookie", "Service-Worker-Allowed"]), 101);
        yield return Response(Texts("*"), Informational);

        // A trailer that the workspace announced is sent only if the head that leaves Caddy names it. Unannounced trailers
        // are sent whatever the head says; Caddy has no rule for them.
        yield return Response(Texts("Trailer"));
    }

    private static JsonObject Response(JsonArray delete, params int[] statuses)
    {
        var response = new JsonObject { ["deferred"] = true, ["delete"] = delete };
        if (statuses.Length > 0)
        {
            response["require"] = new JsonObject { ["status_code"] = new JsonArray([.. statuses.Select(status => (JsonNode)status)]) };
        }

        return new JsonObject { ["handler"] = "headers", ["response"] = response };
    }
}
