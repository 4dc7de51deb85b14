using System.Text.Json.Nodes;
using Tidepool.Core.Routing;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>Caddy's complete configuration as JSON. Pure: the same options and routes give the same text.</summary>
internal static class CaddyConfig
{
    /// <summary>The admin API's path of the object that holds every workspace's route, and nothing else.</summary>
    public const string WorkspaceRoutesPath = "id/workspaces/routes";

    private const long MaxApiBody = 1024 * 1024;

    public static JsonObject Render(CaddyOptions options, CredentialOptions credentials, IReadOnlyList<WorkspaceRoute> routes) => new()
    {
        ["admin"] = new JsonObject
        {
            ["listen"] = $"unix//{options.AdminSocket}|0600",
            // No browser gets to a Unix socket; were one led there, it could not name this origin.
            ["enforce_origin"] = true,
            ["origins"] = Texts(CaddyAdmin.Origin),
            ["config"] = new JsonObject { ["persist"] = false },
        },
        ["logging"] = AccessLog.Logging(options),
        ["apps"] = new JsonObject
        {
            ["http"] = new JsonObject
            {
                ["grace_period"] = "1s",
                ["servers"] = new JsonObject
                {
                    ["api"] = Server(options.Listen, options.ApiPort, ApiRoutes(options, credentials)),
                    ["workspaces"] = WorkspaceServer(options, credentials, routes),
                    ["open-gate"] = SignIn.OpenGate(options),
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
        ["listen"] = Texts($"{(listen.Contains(':', StringComparison.Ordinal) ? $"[{listen}]" : listen)}:{port}"),
        ["automatic_https"] = new JsonObject { ["disable"] = true },
        ["protocols"] = Texts("h1", "h2c"),
        ["routes"] = routes,
    };

    private static JsonArray ApiRoutes(CaddyOptions options, CredentialOptions credentials) => new(
    [
        Route(Path("/api/health"), CleanIdentity(), Proxy(Unix(options.ServerSocket), ToServer(null))),
        .. SignIn.Routes(options, credentials, withSession: false),
        Route(
            Path("/api", "/api/*", "/app", "/app/*"),
            new JsonObject { ["handler"] = "request_body", ["max_size"] = MaxApiBody },
            CleanIdentity(),
            Proxy(Unix(options.ServerSocket), ToServer(credentials.UserName))),
        Route(Path("/"), new JsonObject { ["handler"] = "static_response", ["status_code"] = 302, ["headers"] = new JsonObject { ["Location"] = Texts("/app/") } }),
        Route(null, Text(404, "There is nothing here. Tidepool's page is at /app/.\n")),
    ]);

    private static JsonObject WorkspaceServer(CaddyOptions options, CredentialOptions credentials, IReadOnlyList<WorkspaceRoute> routes)
    {
        var server = Server(
            options.Listen,
            options.WorkspacePort,
            new JsonArray(
            [
                Route(null, AccessLog.Skip(true)),
                .. ForeignPages.Routes(),
                .. SignIn.Routes(options, credentials, withSession: true),
                // Not bound to a path of its own: what no workspace's route takes falls through to the page.
                Route(null, new JsonObject { ["handler"] = "subroute", ["@id"] = "workspaces", ["routes"] = new JsonArray([.. routes.Select(route => WorkspaceRoutes.Render(route, options))]) }),
                Route(PathExpression("^/workspace/([a-z0-9-]+)"), StatusPage.Of("{http.regexp.page.1}", null, options)),
                Route(null, Text(404, "There is nothing here. A workspace's address is /workspace/ and its name.\n")),
            ]));

        server["logs"] = AccessLog.OfServer();

        // Whatever cannot be reached inside a workspace is told by the same page.
        server["errors"] = new JsonObject
        {
            ["routes"] = new JsonArray(
                Route(null, AccessLog.Skip(true)),
                Route(
                    And(PathExpression("^/workspace/([a-z0-9-]+)/port/([0-9]+)(?:/|$)"), Unreachable()),
                    StatusPage.Of("{http.regexp.page.1}", "{http.regexp.page.2}", options)),
                Route(And(PathExpression("^/workspace/([a-z0-9-]+)"), Unreachable()), StatusPage.Of("{http.regexp.page.1}", null, options))),
        };
        return server;
    }

    /// <summary>The server has no use for cookies, and those that a workspace's page sets for this host name could be larger than it takes.</summary>
    private static JsonObject ToServer(string? user)
    {
        var request = new JsonObject { ["delete"] = Texts("Authorization", "Cookie") };
        if (user is not null)
        {
            request["set"] = new JsonObject { ["X-Tidepool-User"] = Texts(user) };
        }

        return new JsonObject { ["request"] = request };
    }

    private static JsonArray And(JsonArray match, JsonObject more) => new(Both((JsonObject)match[0]!, more));

    private static JsonObject Unreachable() => new() { ["expression"] = "{http.error.status_code} >= 502 && {http.error.status_code} <= 504" };
}
