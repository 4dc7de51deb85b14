using System.Text.Json.Nodes;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>The server's page about a workspace that cannot be shown, in the place of whatever was asked for.</summary>
internal static class StatusPage
{
    public static JsonObject Of(string name, string? port, CaddyOptions options) => new()
    {
        ["handler"] = "subroute",
        ["routes"] = new JsonArray(Route(
            null,
            new JsonObject { ["handler"] = "rewrite", ["method"] = "GET", ["uri"] = $"/workspace-page/{name}{(port is null ? "" : "/port/" + port)}" },
            CleanIdentity(),
            Proxy(Unix(options.ServerSocket), new JsonObject { ["request"] = new JsonObject { ["delete"] = Texts("Authorization", "Cookie", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding") } }))),
    };
}
