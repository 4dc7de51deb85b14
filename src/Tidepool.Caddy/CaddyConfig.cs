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

    private const string Health = "/api/health";

    public static JsonObject Render(CaddyOptions options, CredentialOptions credentials, Secrets secrets, IReadOnlyList<WorkspaceRoute> routes) => new()
    {
        ["admin"] = new JsonObject
        {
            ["listen"] = $"unix//{options.AdminSocket}|0600",
            // No browser reaches a Unix socket, and one that did could not name this origin.
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
                    ["api"] = ApiServer(options, credentials, secrets),
                    ["workspaces"] = WorkspaceServer(options, credentials, secrets, routes),
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

    private static JsonObject Server(CaddyOptions options, int port, JsonArray routes) => new()
    {
        ["listen"] = Texts([.. LoopbackAddresses.With(options.Listen, options.HasIPv6).Select(address => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{port}" : $"{address}:{port}")]),
        ["automatic_https"] = new JsonObject { ["disable"] = true },
        // One way to write a request: nothing here needs another without TLS.
        ["protocols"] = Texts("h1"),
        // Headers may have a megabyte, for cookies that a page heaps up; a client that sends them slowly holds that memory.
        ["read_header_timeout"] = "10s",
        ["routes"] = routes,
    };

    private static JsonObject ApiServer(CaddyOptions options, CredentialOptions credentials, Secrets secrets)
    {
        var server = Server(
            options,
            options.ApiPort,
            new JsonArray(
            [
                .. FrontDoor.OfApi(options),
                Route(Strangers(), HealthWithoutDetails(options)),
                .. SignIn.Routes(options, credentials, secrets, takesSession: false),
                Route(
                    Path("/api", "/api/*", "/app", "/app/*"),
                    new JsonObject { ["handler"] = "request_body", ["max_size"] = MaxApiBody },
                    CleanIdentity(),
                    Proxy(Unix(options.ServerSocket), ToServer(secrets))),
                Route(Path("/"), new JsonObject { ["handler"] = "static_response", ["status_code"] = 302, ["headers"] = new JsonObject { ["Location"] = Texts("/app/") } }),
                Route(null, Text(404, "There is nothing here. Tidepool's page is at /app/.\n")),
            ]));
        server["errors"] = new JsonObject { ["routes"] = new JsonArray(SignIn.Cancelled()) };
        return server;
    }

    /// <summary>
    /// Monitors ask for the health without a password, and get no details. A password that comes along, or the page that asks, is
    /// signed in like any other request. The path that goes on is ours, not the client's.
    /// </summary>
    private static JsonArray Strangers() => new(new JsonObject
    {
        ["path"] = Texts(Health),
        ["method"] = Texts("GET", "HEAD"),
        ["expression"] = "{http.request.header.Authorization} == '' && {http.request.header.Sec-Fetch-Site} != 'same-origin'",
    });

    /// <summary>A request of Caddy's own: nothing of the client's goes on, neither its headers nor its body, and no connection is handed over.</summary>
    private static JsonObject HealthWithoutDetails(CaddyOptions options) => new()
    {
        ["handler"] = "subroute",
        ["routes"] = new JsonArray(Route(
            null,
            new JsonObject { ["handler"] = "rewrite", ["method"] = "GET", ["uri"] = Health + "?" },
            // The placeholder is empty, and so is the body then; an empty text would leave the client's body in place.
            new JsonObject { ["handler"] = "request_body", ["set"] = "{http.vars.no_body}" },
            Proxy(Unix(options.ServerSocket), new JsonObject { ["request"] = new JsonObject { ["delete"] = Texts("*"), ["set"] = new JsonObject { ["Host"] = Texts("localhost") } } }))),
        ["errors"] = new JsonObject
        {
            ["routes"] = new JsonArray(
                Route(new JsonArray(Unreachable()), Text(503, "Tidepool's server does not answer.\n")),
                Route(null, Text(400, "The request could not be read.\n"))),
        },
    };

    private static JsonObject WorkspaceServer(CaddyOptions options, CredentialOptions credentials, Secrets secrets, IReadOnlyList<WorkspaceRoute> routes)
    {
        var server = Server(
            options,
            options.WorkspacePort,
            new JsonArray(
            [
                Route(null, [AccessLog.Skip(true), .. WorkspaceAnswers.Handlers()]),
                .. FrontDoor.OfWorkspaces(options),
                .. SignIn.Routes(options, credentials, secrets, takesSession: true),

                // Behind the sign-in: the answer to a stranger does not depend on the origin that a request states.
                .. ForeignPages.Routes(),
                EditorScript.Route(),
                // Not bound to a path of its own: what no workspace's route takes falls through to the page.
                Route(null, new JsonObject { ["handler"] = "subroute", ["@id"] = "workspaces", ["routes"] = new JsonArray([.. routes.Select(route => WorkspaceRoutes.Render(route, options))]) }),
                Route(PathExpression("^/workspace/([a-z0-9-]+)"), StatusPage.Of("{http.regexp.page.1}", null, options)),
                Route(null, Text(404, "There is nothing here. A workspace's address is /workspace/ and its name.\n")),
            ]));

        server["logs"] = AccessLog.OfServer();

        // The same page reports whatever cannot be reached inside a workspace.
        server["errors"] = new JsonObject
        {
            ["routes"] = new JsonArray(
                Route(null, AccessLog.Skip(true)),
                SignIn.Cancelled(),
                Route(
                    And(PathExpression("^/workspace/([a-z0-9-]+)/port/([0-9]+)(?:/|$)"), Unreachable()),
                    StatusPage.Of("{http.regexp.page.1}", "{http.regexp.page.2}", options)),
                Route(And(PathExpression("^/workspace/([a-z0-9-]+)"), Unreachable()), StatusPage.Of("{http.regexp.page.1}", null, options))),
        };
        return server;
    }

    /// <summary>
    /// What goes to the server after a sign-in: nothing of the owner's password, and no cookies, because cookies that a workspace's page sets for this
    /// host name could be larger than the server accepts. Caddy adds the secret that the two share.
    /// </summary>
    private static JsonObject ToServer(Secrets secrets) => new()
    {
        ["request"] = new JsonObject
        {
            ["delete"] = Texts("Authorization", "Cookie"),
            ["set"] = new JsonObject { [CaddyOptions.SignedInHeader] = Texts(secrets.Proxy) },
        },
    };

    private static JsonArray And(JsonArray match, JsonObject more) => new(Both((JsonObject)match[0]!, more));

    private static JsonObject Unreachable() => FailedWith("50[234]");
}
