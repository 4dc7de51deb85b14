using System.Text.Json.Nodes;
using Tidepool.Core.Network;
using Tidepool.Core.Routing;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>The routes of one workspace: its editor, its registered ports, and nothing of the owner's beyond them.</summary>
internal static class WorkspaceRoutes
{
    public static JsonNode Render(WorkspaceRoute route, CaddyOptions options)
    {
        var root = $"/workspace/{route.Name}";
        var inner = new JsonArray(Route(null, AccessLog.Skip(false), AccessLog.Note(route.Name)));
        foreach (var port in route.Ports)
        {
            inner.Add(RouteOfPort(route, port));
        }

        // The editor never answers these: that would look as if the port were open.
        inner.Add(Route(PathExpression($"^{root}/port/([0-9]+)(?:/|$)"), AccessLog.Skip(true), StatusPage.Of(route.Name.Value, "{http.regexp.page.1}", options)));
        inner.Add(Redirect(root));
        inner.Add(Route(null, Strip(root), Proxy($"{route.Address}:{WorkspaceNetwork.EditorPort}", Headers(root, root, stripped: true))));
        return new JsonObject
        {
            // One name's ids cannot be another's: "port-" and a number come first, and no name begins a "workspace-" id with them.
            ["@id"] = $"workspace-{route.Name}",
            ["match"] = Path(root, $"{root}/*"),
            ["handle"] = new JsonArray(new JsonObject { ["handler"] = "subroute", ["routes"] = inner }),
            ["terminal"] = true,
        };
    }

    private static JsonObject RouteOfPort(WorkspaceRoute route, PortRoute port)
    {
        var workspace = $"/workspace/{route.Name}";
        var root = $"{workspace}/port/{port.Port}";
        var proxy = Proxy($"{route.Address}:{port.Port}", Headers(root, workspace, port.StripPrefix));
        if (port.StripPrefix)
        {
            // What it believes to be its own root is the port's; an address that has the port's root already keeps it.
            proxy["headers"]!["response"]!["replace"]!["Location"] = new JsonArray(
                Replacement($"^{root}(/|$)", "/"),
                Replacement("^/([^/].*)?$", root + "/$1"));
        }

        return new JsonObject
        {
            ["@id"] = $"port-{port.Port}-workspace-{route.Name}",
            ["match"] = Path(root, $"{root}/*"),
            ["handle"] = new JsonArray(new JsonObject
            {
                ["handler"] = "subroute",
                ["routes"] = new JsonArray(Redirect(root), port.StripPrefix ? Route(null, Strip(root), proxy) : Route(null, proxy)),
            }),
            ["terminal"] = true,
        };
    }

    /// <summary>Without the slash at the end, the page's relative addresses would leave the workspace.</summary>
    private static JsonObject Redirect(string root) => Route(
        Path(root),
        new JsonObject
        {
            ["handler"] = "static_response",
            ["status_code"] = 308,
            ["headers"] = new JsonObject { ["Location"] = Texts(root + "/{http.request.orig_uri.prefixed_query}") },
        });

    private static JsonObject Strip(string prefix) => new() { ["handler"] = "rewrite", ["strip_path_prefix"] = prefix };

    /// <summary>
    /// Each attribute gets semicolons of its own on both sides, so that all of a name go in one pass, and what stood beside one never
    /// comes together to make another.
    /// </summary>
    private static JsonArray OnPath(string root) => new(
        Replacement(";", ";;"),
        Replacement("$", ";"),
        Replacement(@"(?i);\s*(?:path|domain)\s*(?:=[^;]*)?;", ""),
        Replacement(@";[;\s]*", "; "),
        Replacement(@"(?:;\s*)?$", $"; Path={root}/"));

    /// <summary>A workspace never sees who its user is, and cannot reach beyond its own path in the browser.</summary>
    private static JsonObject Headers(string root, string workspace, bool stripped)
    {
        var request = new JsonObject
        {
            ["delete"] = Texts("Authorization", "Proxy-Authorization", "X-Tidepool-*"),
            ["replace"] = new JsonObject { ["Cookie"] = new JsonArray(Replacement($@"(?:^|;)\s*{SignIn.SessionCookie}=[^;]*", ""), Replacement(@"^;\s*", "")) },
        };
        if (stripped)
        {
            request["set"] = new JsonObject { ["X-Forwarded-Prefix"] = Texts(root) };
        }
        else
        {
            ((JsonArray)request["delete"]!).Add("X-Forwarded-Prefix");
        }

        return new JsonObject
        {
            ["request"] = request,
            ["response"] = new JsonObject
            {
                ["delete"] = WorkspaceAnswers.Deleted(),
                ["replace"] = new JsonObject
                {
                    ["Service-Worker-Allowed"] = new JsonArray(Replacement("^.*$", workspace + "/")),
                    ["Set-Cookie"] = OnPath(root),
                },
            },
        };
    }
}
