using System.Text.Json.Nodes;
using Tidepool.Core.Pages;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>
/// How the owner signs in. Caddy alone checks the password. Before it spends a quarter of a second on a password, it asks the
/// server's gate. The gate knows the password that Caddy last accepted, and says for others whether this client may try. While
/// the server is down, every client may try; a server that is slow or answers nonsense is asked again by the next request.
/// </summary>
internal static class SignIn
{
    /// <summary>What stands in the place of the password on the workspaces' port.</summary>
    public const string SessionCookie = "tidepool_session";

    private const string SignedIn = "signed_in";
    private const string BySession = "session";
    private const string ByGate = "gate";
    private const string Holder = "session_holder";
    private const string HolderOfRequest = "{http.vars." + Holder + "}";
    private const string HolderAsked = "holder_asked";
    private const string Answered = "gate_answered";
    private const string Attempt = "X-Tidepool-Attempt";
    private const string Known = "X-Tidepool-Known";
    private const string HolderHeader = "X-Tidepool-Holder";
    private const string Substitute = "X-Tidepool-Substitute";
    private const string PasswordVersion = "X-Tidepool-Password-Version";

    /// <summary>The routes that every request passes first. What comes through all of them is the owner's.</summary>
    /// <param name="options">Where the server is.</param>
    /// <param name="credentials">The owner's credentials.</param>
    /// <param name="secrets">Has the session's token.</param>
    /// <param name="takesSession">Whether a session does instead of the password.</param>
    public static IEnumerable<JsonObject> Routes(CaddyOptions options, CredentialOptions credentials, Secrets secrets, bool takesSession)
    {
        yield return Route(null, CleanIdentity(), Set(Holder, ""));
        if (takesSession)
        {
            yield return Step(Expression(HasCookie(secrets, "'[0-9a-f]+'")), AskHolder(options));
            yield return Step(Expression($"{HolderIsThere} && {HasCookie(secrets, HolderOfRequest)}"), Set(SignedIn, BySession));
        }

        yield return Step(Both(NotSignedIn(), HasHeader("Authorization")), AskGate(options, credentials));
        yield return Step(NotSignedIn(), Authentication(credentials));
        yield return Step(HasHeader(Attempt), TellGate(options, credentials));

        // Cookies ignore ports: the API's port gives a cookie that opens the workspaces, and by its path never comes back to the API.
        var byPassword = Not(Is(SignedIn, BySession));
        yield return Step(Both(byPassword, Expression($"{HolderIsThere} && ({CameByTls})")), GiveSession(secrets, "; Secure"));
        yield return Step(Both(byPassword, Expression($"{HolderIsThere} && !({CameByTls})")), GiveSession(secrets, ""));
    }

    /// <summary>What the browser shows once its user has cancelled its question for the password. The challenge stays in the answer's head.</summary>
    public static JsonObject Cancelled() => Route(
        new JsonArray(FailedWith("401")),
        new JsonObject
        {
            ["handler"] = "static_response",
            ["status_code"] = 401,
            ["headers"] = new JsonObject
            {
                ["Content-Type"] = Texts("text/html; charset=utf-8"),
                ["Content-Security-Policy"] = Texts("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
                ["Cache-Control"] = Texts("no-store"),
                ["X-Content-Type-Options"] = Texts("nosniff"),
            },
            ["body"] = PlainPage.Html("Sign in", """
                <h1>You are not signed in.</h1>
                <p>Tidepool asks for the user name and the password that <code>tidepool up</code> showed when it first came up.
                If the password is lost, <code>sudo tidepool password</code> on that machine makes a new one.</p>
                <p><a href="">Sign in</a></p>
                """),
        });

    private const string HolderIsThere = HolderOfRequest + ".matches('^[0-9a-f]{64}$')";

    private const string CameByTls = "{http.request.scheme} == 'https' || {http.request.header.X-Forwarded-Proto} == 'https'";

    /// <summary>
    /// Whether a cookie has the token, and behind it this holder. It counts only where it stands by itself, as the routes to a
    /// workspace take it out.
    /// </summary>
    private static string HasCookie(Secrets secrets, string holder) =>
        $"(';' + {{http.request.header.Cookie}} + ';').matches('; *{SessionCookie}={secrets.Session}-' + {holder} + ' *;')";

    private static JsonObject Expression(string text) => new() { ["expression"] = text };

    private static JsonObject NotSignedIn() => Not(Is(SignedIn, BySession, ByGate));

    private static JsonObject GiveSession(Secrets secrets, string more) => new()
    {
        ["handler"] = "headers",
        ["response"] = new JsonObject { ["add"] = new JsonObject { ["Set-Cookie"] = Texts($"{SessionCookie}={secrets.Session}-{HolderOfRequest}; Path=/workspace/; HttpOnly; SameSite=Lax{more}") } },
    };

    /// <summary>
    /// Which holder's cookie this client may use. While nothing listens on the server's socket, a cookie of any holder does, so that
    /// the editors go on; a server that is slow or answers nonsense opens nothing.
    /// </summary>
    private static JsonObject AskHolder(CaddyOptions options)
    {
        var ask = ToGate(options, "/gate/holder", Connection(), new JsonArray(
            new JsonObject { ["match"] = GateSays(HolderHeader, "*"), ["routes"] = new JsonArray(Route(null, Set(HolderAsked, "yes"), SetHolder())) },
            new JsonObject { ["routes"] = new JsonArray(Route(null, Set(HolderAsked, "yes"))) }));
        return Asked(ask, WithoutServer(options, Set(SignedIn, BySession), "session"), HolderAsked);
    }

    /// <summary>Both ends of the client's connection, by which the server finds out which user of this machine the client is.</summary>
    private static JsonObject Connection() => new()
    {
        ["X-Tidepool-Client"] = Texts("{http.request.remote.host}"),
        ["X-Tidepool-Client-Port"] = Texts("{http.request.remote.port}"),
        ["X-Tidepool-Local"] = Texts("{http.request.local.host}"),
        ["X-Tidepool-Local-Port"] = Texts("{http.request.local.port}"),
    };

    private static JsonObject AskGate(CaddyOptions options, CredentialOptions credentials)
    {
        var question = Connection();

        // As Caddy itself will check it: a client may have declared the header to be hop-by-hop.
        question["Authorization"] = Texts("{http.request.header.Authorization}");
        question["X-Tidepool-Owner"] = Texts(credentials.UserName);
        var ask = ToGate(options, "/gate", question, new JsonArray(
            new JsonObject
            {
                // Caddy's own memory of right passwords ends with every change of its configuration.
                ["match"] = GateSays(Known, "yes"),
                ["routes"] = new JsonArray(Route(null, Set(Answered, "yes"), SetHolder(), Set(SignedIn, ByGate))),
            },
            new JsonObject
            {
                // A wrong user name costs the same check as a wrong password: of a password that cannot be right.
                ["match"] = GateSays(Substitute, "*"),
                ["routes"] = new JsonArray(Route(null, Set(Answered, "yes"), SetHeader("Authorization", Said(Substitute)))),
            },
            new JsonObject
            {
                ["match"] = GateSays(Attempt, "*"),
                ["routes"] = new JsonArray(Route(null, Set(Answered, "yes"), SetHolder(), SetHeader(Attempt, Said(Attempt)))),
            },
            // On any other answer, Caddy does not check the password.
            new JsonObject { ["routes"] = new JsonArray(Route(null, Set(Answered, "yes"), new JsonObject { ["handler"] = "copy_response" })) }));

        // The gate has several passwords wait for one another: ten, at 300 ms each.
        ask["transport"]!["response_header_timeout"] = "5s";
        return Asked(ask, WithoutServer(options, Set(Answered, "no"), "password"));
    }

    /// <summary>The password was right, by the hash in this configuration: the report of an older configuration does not count.</summary>
    private static JsonObject TellGate(CaddyOptions options, CredentialOptions credentials)
    {
        var tell = ToGate(
            options,
            "/gate/passed",
            new JsonObject { [PasswordVersion] = Texts(credentials.Version), [Attempt] = Texts($"{{http.request.header.{Attempt}}}") },
            new JsonArray(new JsonObject { ["routes"] = new JsonArray(Route(null, Set(Reported, "yes"), CleanIdentity())) }));
        return Asked(tell, [Route(null, CleanIdentity())], Reported);
    }

    private const string Reported = "gate_told";

    /// <summary>
    /// A question to the gate, and what to do if there is no answer. An error after an answer stays as it is.
    /// </summary>
    private static JsonObject Asked(JsonObject question, JsonObject[] unanswered, string answered = Answered)
    {
        var again = new JsonObject { ["handler"] = "error", ["error"] = "{http.error.message}", ["status_code"] = "{http.error.status_code}" };
        return new JsonObject
        {
            ["handler"] = "subroute",
            ["routes"] = new JsonArray(new JsonObject { ["handle"] = new JsonArray(question) }),
            ["errors"] = new JsonObject { ["routes"] = new JsonArray([Route(new JsonArray(Is(answered, "yes")), again), .. unanswered]) },
        };
    }

    /// <summary>Goes on in the way that is given while nothing listens on the server's socket, and refuses where the server does not answer.</summary>
    private static JsonObject[] WithoutServer(CaddyOptions options, JsonObject goOn, string what) =>
    [
        Step(ServerIsDown(options), goOn),
        Route(new JsonArray(Not(ServerIsDown(options))), Text(503, $"Tidepool's server does not answer, so no {what} can be checked. Try again in a moment.\n")),
    ];

    /// <summary>
    /// The connection to the server's socket was refused, or there is no socket. Nothing that a client sends brings that about: a
    /// gate that is slow, that hangs or whose answer is broken is none of these.
    /// </summary>
    private static JsonObject ServerIsDown(CaddyOptions options) => new()
    {
        ["vars_regexp"] = new JsonObject
        {
            ["{http.error.message}"] = new JsonObject { ["pattern"] = $"^dial unix {System.Text.RegularExpressions.Regex.Escape(options.ServerSocket)}: connect: (?:connection refused|no such file or directory)$" },
        },
    };

    private static JsonObject GateSays(string header, string value) =>
        new() { ["status_code"] = new JsonArray(204), ["headers"] = new JsonObject { [header] = Texts(value) } };

    private static string Said(string header) => $"{{http.reverse_proxy.header.{header}}}";

    private static JsonObject SetHolder() => Set(Holder, Said(HolderHeader));

    private static JsonObject SetHeader(string name, string value) =>
        new() { ["handler"] = "headers", ["request"] = new JsonObject { ["set"] = new JsonObject { [name] = Texts(value) } } };

    /// <summary>Of the request, the gate gets what is set here and nothing else: nothing that is too large for it, and nothing to read wrongly.</summary>
    private static JsonObject ToGate(CaddyOptions options, string path, JsonObject set, JsonArray responses)
    {
        set["Host"] = Texts("localhost");
        var proxy = Proxy(Unix(options.ServerSocket), new JsonObject
        {
            ["request"] = new JsonObject { ["delete"] = Texts("*"), ["set"] = set },
        });

        proxy["transport"]!["response_header_timeout"] = "2s";
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
}
