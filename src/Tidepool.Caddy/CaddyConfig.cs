using System.Text.Json.Nodes;
using Tidepool.Core.Routing;

namespace Tidepool.Caddy;

/// <summary>Caddy's complete configuration as JSON. Pure: the same options and routes give the same text.</summary>
internal static class CaddyConfig
{
    /// <summary>The admin API's path of the object that holds every workspace's route, and nothing else.</summary>
    public const string WorkspaceRoutesPath = "id/workspaces/routes";

    private const int EditorPort = 8080;
    private const long MaxApiBody = 1024 * 1024;

    // Without it, every change of a route closes all WebSockets.
    private static readonly string StreamCloseDelay = "24h";

    public static JsonObject Render(CaddyOptions options, CredentialOptions credentials, IReadOnlyList<WorkspaceRoute> routes) => new()
    {
        ["admin"] = new JsonObject
        {
            ["listen"] = $"unix//{options.AdminSocket}|0600",
            ["config"] = new JsonObject { ["persist"] = false },
        },
        ["logging"] = new JsonObject { ["logs"] = new JsonObject { ["default"] = new JsonObject { ["level"] = "WARN" } } },
        ["apps"] = new JsonObject
        {
            ["http"] = new JsonObject
            {
                ["grace_period"] = "1s",
                ["servers"] = new JsonObject
                {
                    ["api"] = Server(options.Listen, options.ApiPort, ApiRoutes(options, credentials)),
                    ["workspaces"] = WorkspaceServer(options, credentials, routes),
                },
            },
        },
    };

    /// <summary>The workspaces' routes within a whole configuration; null where it has no place for them.</summary>
    public static JsonNode? WorkspaceRoutesOf(JsonNode? config) => WorkspacesHandler(config)?["routes"];

    public static void ReplaceWorkspaceRoutes(JsonNode config, JsonArray routes) => WorkspacesHandler(config)!["routes"] = routes;

    private static JsonObject? WorkspacesHandler(JsonNode? config)
    {
        var routes = (config as JsonObject)?["apps"]?["http"]?["servers"]?["workspaces"]?["routes"] as JsonArray;
        return routes?.SelectMany(route => (route?["handle"] as JsonArray) ?? [])
            .OfType<JsonObject>()
            .FirstOrDefault(handler => handler["@id"]?.GetValue<string>() == "workspaces");
    }

    private static JsonObject Server(string listen, int port, JsonArray routes) => new()
    {
        ["listen"] = new JsonArray($"{(listen.Contains(':', StringComparison.Ordinal) ? $"[{listen}]" : listen)}:{port}"),
        ["automatic_https"] = new JsonObject { ["disable"] = true },
        ["protocols"] = new JsonArray("h1", "h2c"),
        ["routes"] = routes,
    };

    private static JsonArray ApiRoutes(CaddyOptions options, CredentialOptions credentials) => new(
        Route(Path("/api/health"), CleanIdentity(), Proxy(Unix(options.ServerSocket), ToServer(signedIn: false))),
        Route(null, Authentication(credentials)),
        Route(
            Path("/api", "/api/*", "/app", "/app/*"),
            new JsonObject { ["handler"] = "request_body", ["max_size"] = MaxApiBody },
            CleanIdentity(),
            Proxy(Unix(options.ServerSocket), ToServer(signedIn: true))),
        Route(Path("/"), new JsonObject { ["handler"] = "static_response", ["status_code"] = 302, ["headers"] = new JsonObject { ["Location"] = new JsonArray("/app/") } }),
        Route(null, Text(404, "There is nothing here. Tidepool's page is at /app/.\n")));

    private static JsonObject WorkspaceServer(CaddyOptions options, CredentialOptions credentials, IReadOnlyList<WorkspaceRoute> routes)
    {
        var server = Server(
            options.Listen,
            options.WorkspacePort,
            new JsonArray(
                Route(null, Authentication(credentials)),
                // Not bound to a path of its own: what no workspace's route takes falls through to the page.
                Route(null, new JsonObject { ["handler"] = "subroute", ["@id"] = "workspaces", ["routes"] = new JsonArray([.. routes.Select(WorkspaceRoute)]) }),
                Route(PathExpression("^/workspace/([a-z0-9-]+)"), PageFor("{http.regexp.page.1}", null, options)),
                Route(null, Text(404, "There is nothing here. A workspace's address is /workspace/ and its name.\n"))));

        // Whatever cannot be reached inside a workspace is told by the same page.
        server["errors"] = new JsonObject
        {
            ["routes"] = new JsonArray(
                Route(
                    And(PathExpression("^/workspace/([a-z0-9-]+)/port/([0-9]+)(?:/|$)"), Unreachable()),
                    PageFor("{http.regexp.page.1}", "{http.regexp.page.2}", options)),
                Route(And(PathExpression("^/workspace/([a-z0-9-]+)"), Unreachable()), PageFor("{http.regexp.page.1}", null, options))),
        };
        return server;
    }

    private static JsonNode? WorkspaceRoute(WorkspaceRoute route)
    {
        var root = $"/workspace/{route.Name}";
        var inner = new JsonArray();
        foreach (var port in route.Ports)
        {
            inner.Add(RouteOfPort(route, port));
        }

        inner.Add(Redirect(root));
        inner.Add(Stripped(root, $"{route.Address}:{EditorPort}", root));
        return new JsonObject
        {
            // One name's ids cannot be another's: "port-" and a number come first, and no name begins a "workspace-" id with them.
            ["@id"] = $"workspace-{route.Name}",
            ["match"] = Path(root, $"{root}/*"),
            ["handle"] = new JsonArray(new JsonObject { ["handler"] = "subroute", ["routes"] = inner }),
            ["terminal"] = true,
        };
    }

    private static JsonObject RouteOfPort(WorkspaceRoute route, PortRoute opened)
    {
        var port = opened.Port;
        var root = $"/workspace/{route.Name}/port/{port}";
        return new JsonObject
        {
            ["@id"] = $"port-{port}-workspace-{route.Name}",
            ["match"] = Path(root, $"{root}/*"),
            ["handle"] = new JsonArray(new JsonObject
            {
                ["handler"] = "subroute",
                ["routes"] = new JsonArray(Redirect(root), Stripped(root, $"{route.Address}:{port}", $"/workspace/{route.Name}")),
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
            ["headers"] = new JsonObject { ["Location"] = new JsonArray(root + "/{http.request.orig_uri.prefixed_query}") },
        });

    private static JsonObject Stripped(string prefix, string upstream, string scope) => Route(
        null,
        new JsonObject { ["handler"] = "rewrite", ["strip_path_prefix"] = prefix },
        Proxy(upstream, ToWorkspace(prefix, scope)));

    private static JsonObject Proxy(string upstream, JsonObject headers) => new()
    {
        ["handler"] = "reverse_proxy",
        ["upstreams"] = new JsonArray(new JsonObject { ["dial"] = upstream }),

        // A proxy that the machine's environment names is for the way out, never for the way to a workspace.
        ["transport"] = new JsonObject { ["protocol"] = "http", ["dial_timeout"] = "2s", ["network_proxy"] = new JsonObject { ["from"] = "none" } },
        ["stream_close_delay"] = StreamCloseDelay,
        ["flush_interval"] = -1,
        ["headers"] = headers,
    };

    private static JsonObject ToServer(bool signedIn)
    {
        var request = new JsonObject { ["delete"] = new JsonArray("Authorization") };
        if (signedIn)
        {
            request["set"] = new JsonObject { ["X-Tidepool-User"] = new JsonArray("{http.auth.user.id}") };
        }

        return new JsonObject { ["request"] = request };
    }

    /// <summary>A workspace never sees who its user is, and cannot reach beyond its own path in the browser.</summary>
    private static JsonObject ToWorkspace(string prefix, string scope) => new()
    {
        ["request"] = new JsonObject
        {
            ["delete"] = new JsonArray("Authorization", "X-Tidepool-*"),
            ["set"] = new JsonObject { ["X-Forwarded-Prefix"] = new JsonArray(prefix) },
        },
        ["response"] = new JsonObject
        {
            ["delete"] = new JsonArray("Clear-Site-Data"),
            ["replace"] = new JsonObject { ["Service-Worker-Allowed"] = new JsonArray(new JsonObject { ["search_regexp"] = "^.*$", ["replace"] = scope + "/" }) },
        },
    };

    private static JsonObject PageFor(string name, string? port, CaddyOptions options) => new()
    {
        ["handler"] = "subroute",
        ["routes"] = new JsonArray(Route(
            null,
            new JsonObject { ["handler"] = "rewrite", ["method"] = "GET", ["uri"] = $"/workspace-page/{name}{(port is null ? "" : "/port/" + port)}" },
            CleanIdentity(),
            Proxy(Unix(options.ServerSocket), new JsonObject { ["request"] = new JsonObject { ["delete"] = new JsonArray("Authorization", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding") } }))),
    };

    /// <summary>What a client says about who it is counts for nothing.</summary>
    private static JsonObject CleanIdentity() => new()
    {
        ["handler"] = "headers",
        ["request"] = new JsonObject { ["delete"] = new JsonArray("X-Tidepool-*") },
    };

    private static JsonObject Authentication(CredentialOptions credentials) => new()
    {
        ["handler"] = "authentication",
        ["providers"] = new JsonObject
        {
            ["http_basic"] = new JsonObject
            {
                ["realm"] = "Tidepool",
                ["accounts"] = new JsonArray(new JsonObject { ["username"] = credentials.UserName, ["password"] = credentials.PasswordHash }),
                ["hash"] = new JsonObject { ["algorithm"] = "bcrypt" },
                // A right password costs its hash once, not with every request.
                ["hash_cache"] = new JsonObject(),
            },
        },
    };

    private static JsonObject Route(JsonArray? match, params JsonObject[] handlers)
    {
        var route = new JsonObject();
        if (match is not null)
        {
            route["match"] = match;
            route["terminal"] = true;
        }

        route["handle"] = new JsonArray([.. handlers]);
        return route;
    }

    private static JsonArray Path(params string[] paths) => new(new JsonObject { ["path"] = new JsonArray([.. paths.Select(p => (JsonNode)p)]) });

    private static JsonArray PathExpression(string pattern) => new(new JsonObject { ["path_regexp"] = new JsonObject { ["name"] = "page", ["pattern"] = pattern } });

    private static JsonArray And(JsonArray match, JsonObject more)
    {
        foreach (var (key, value) in more)
        {
            match[0]![key] = value?.DeepClone();
        }

        return match;
    }

    private static JsonObject Unreachable() => new() { ["expression"] = "{http.error.status_code} >= 502 && {http.error.status_code} <= 504" };

    private static JsonObject Text(int status, string text) => new() { ["handler"] = "static_response", ["status_code"] = status, ["body"] = text };

    private static string Unix(string path) => "unix/" + path;
}
