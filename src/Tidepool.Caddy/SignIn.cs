using System.Text.Json.Nodes;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>
/// Who comes in. Caddy alone checks the password. Before it spends a quarter of a second on one, it asks the server's gate, which
/// knows the one that Caddy last let in, and says of others whether this client may try; where the server is down, whoever asks may.
/// </summary>
internal static class SignIn
{
    /// <summary>What stands in the place of the password on the workspaces' port, for browsers that send none with a WebSocket.</summary>
    public const string SessionCookie = "tidepool_session";

    private const string SignedIn = "signed_in";
    private const string BySession = "session";
    private const string ByGate = "gate";
    private const string Attempt = "X-Tidepool-Attempt";
    private const string Known = "X-Tidepool-Known";
    private const string PasswordVersion = "X-Tidepool-Password-Version";

    /// <summary>The routes that every request passes first. What comes through all of them is the owner's.</summary>
    /// <param name="options">Where the server and the session's token are.</param>
    /// <param name="credentials">Who is let in.</param>
    /// <param name="withSession">Whether a session does instead of the password, and is given to whoever knows the password.</param>
    public static IEnumerable<JsonObject> Routes(CaddyOptions options, CredentialOptions credentials, bool withSession)
    {
        yield return Route(null, CleanIdentity());
        if (withSession)
        {
            yield return Step(HasSession(options), new JsonObject { ["handler"] = "vars", [SignedIn] = BySession });
        }

        yield return Step(Both(NotSignedIn(), HasHeader("Authorization")), AskGate(options));
        yield return Step(NotSignedIn(), Authentication(credentials));
        yield return Step(HasHeader(Attempt), TellGate(options, credentials));
        if (withSession)
        {
            yield return Step(Both(Not(BySession), TokenIsThere(options)), GiveSession(options));
        }
    }

    /// <summary>Stands in for the gate while the server is down.</summary>
    public static JsonObject OpenGate(CaddyOptions options) => new()
    {
        ["listen"] = Texts($"unix/{options.OpenGateSocket}|0600"),
        ["automatic_https"] = new JsonObject { ["disable"] = true },
        ["routes"] = new JsonArray(Route(null, new JsonObject { ["handler"] = "static_response", ["status_code"] = 204 })),
    };

    /// <summary>
    /// The token is read from its file with each request, so a new one is in force at once and none is ever in the configuration.
    /// A file that is missing or empty lets nobody in.
    /// </summary>
    private static JsonObject HasSession(CaddyOptions options) => Both(
        TokenIsThere(options),
        new JsonObject { ["header"] = new JsonObject { ["Cookie"] = Texts($"*{SessionCookie}={Token(options)}*") } });

    private static JsonObject TokenIsThere(CaddyOptions options) =>
        new() { ["vars_regexp"] = new JsonObject { [Token(options)] = new JsonObject { ["pattern"] = "^[0-9a-f]{64}$" } } };

    private static JsonObject NotSignedIn() => Not(BySession, ByGate);

    private static JsonObject Not(params string[] ways) => new() { ["not"] = new JsonArray(new JsonObject { ["vars"] = new JsonObject { [SignedIn] = Texts(ways) } }) };

    private static JsonObject GiveSession(CaddyOptions options) => new()
    {
        ["handler"] = "headers",
        ["response"] = new JsonObject { ["add"] = new JsonObject { ["Set-Cookie"] = Texts($"{SessionCookie}={Token(options)}; Path=/workspace/; HttpOnly; SameSite=Strict") } },
    };

    private static JsonObject AskGate(CaddyOptions options)
    {
        var allowed = new JsonObject
        {
            ["handler"] = "headers",
            ["request"] = new JsonObject { ["set"] = new JsonObject { [Attempt] = Texts($"{{http.reverse_proxy.header.{Attempt}}}") } },
        };
        var question = new JsonObject
        {
            // As Caddy itself will check it: a client may have named the header one that ends with the connection.
            ["Authorization"] = Texts("{http.request.header.Authorization}"),
            ["X-Tidepool-Client"] = Texts("{http.request.remote.host}"),
        };
        return ToGate(options, "/gate", question, new JsonArray(
            new JsonObject
            {
                // Caddy's own memory of right passwords ends with every change of its configuration.
                ["match"] = new JsonObject { ["status_code"] = new JsonArray(204), ["headers"] = new JsonObject { [Known] = Texts("yes") } },
                ["routes"] = new JsonArray(Route(null, new JsonObject { ["handler"] = "vars", [SignedIn] = ByGate })),
            },
            new JsonObject
            {
                ["match"] = new JsonObject { ["status_code"] = new JsonArray(204) },
                ["routes"] = new JsonArray(Route(null, allowed)),
            },
            // Whatever else it says, the password is not looked at.
            new JsonObject { ["routes"] = new JsonArray(Route(null, new JsonObject { ["handler"] = "copy_response" })) }));
    }

    /// <summary>The password was right, by the hash that this configuration was made with: an older one's word counts for nothing.</summary>
    private static JsonObject TellGate(CaddyOptions options, CredentialOptions credentials) => ToGate(
        options,
        "/gate/passed",
        new JsonObject { [PasswordVersion] = Texts(credentials.Version), [Attempt] = Texts($"{{http.request.header.{Attempt}}}") },
        new JsonArray(new JsonObject { ["routes"] = new JsonArray(Route(null, CleanIdentity())) }));

    /// <summary>Of the request, the gate gets what is set here and nothing else: nothing that is too large for it, and nothing to read wrongly.</summary>
    private static JsonObject ToGate(CaddyOptions options, string path, JsonObject set, JsonArray responses)
    {
        set["Host"] = Texts("localhost");
        var proxy = Proxy(Unix(options.ServerSocket), new JsonObject
        {
            ["request"] = new JsonObject { ["delete"] = Texts("*"), ["set"] = set },
        });
        ((JsonArray)proxy["upstreams"]!).Add(new JsonObject { ["dial"] = Unix(options.OpenGateSocket) });

        // Whatever was asked for, asking the gate may be repeated; and a server that hangs is as good as down.
        proxy["transport"]!["response_header_timeout"] = "2s";
        proxy["load_balancing"] = new JsonObject
        {
            ["selection_policy"] = new JsonObject { ["policy"] = "first" },
            ["retries"] = 2,
            ["retry_match"] = Path("/*"),
        };
        proxy["health_checks"] = new JsonObject { ["passive"] = new JsonObject { ["fail_duration"] = "5s", ["max_fails"] = 1 } };
        proxy["rewrite"] = new JsonObject { ["method"] = "GET", ["uri"] = path };
        proxy["handle_response"] = responses;
        return proxy;
    }

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

    private static string Token(CaddyOptions options) => $"{{file.{options.SessionTokenFile}}}";
}
