using System.Text.Json.Nodes;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>
/// What Caddy refuses before it checks a password: names that are not ours, and spellings of a path that Caddy and the program
/// behind it could read differently. Caddy matches a decoded and cleaned path, and passes the path on as the client wrote it.
/// </summary>
internal static class FrontDoor
{
    /// <summary>Longer headers hold no password: bcrypt reads 72 bytes of one, and a user name is short.</summary>
    private const int MaxAuthorization = 2048;

    private const string Uri = "{http.request.uri}";
    private const string LocalAddress = "{http.request.local.host}";

    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "::1"];

    /// <summary>
    /// The paths of the API and the page as they are written by everything that asks for them: plain segments, none of which
    /// begins with a dot. So every spelling that is not a path's own is refused, known tricks or not.
    /// </summary>
    private const string PlainPath = @"^/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?)?(?:\?|$)";

    /// <summary>A segment of one or two dots, however they and the slashes beside them are encoded. No browser sends one.</summary>
    private const string DotSegment = @"(?i)^[^?]*(?:/|\\|%2f|%5c)(?:\.|%2e){1,2}(?:;[^/?]*)?(?:/|\\|%2f|%5c|\?|$)";

    /// <summary>The routes that every request to the API's port passes first.</summary>
    public static IEnumerable<JsonObject> OfApi(CaddyOptions options) =>
        [ForeignHost(options), Route(new JsonArray(Not(UriMatches(PlainPath))), Problem()), OversizePassword(), SecondPassword()];

    /// <summary>The routes that every request to the workspaces' port passes first. Programs in a workspace may use any other spelling.</summary>
    public static IEnumerable<JsonObject> OfWorkspaces(CaddyOptions options) =>
        [ForeignHost(options), Refuse(UriMatches(DotSegment), 400, Misspelled + "\n"), OversizePassword(), SecondPassword()];

    private const string Misspelled = "Tidepool does not take this spelling of a path. Write it without encoded characters, backslashes and dot segments.";

    /// <summary>
    /// A page can point a name of its own to this machine, and its scripts then read what is answered under that name. An address
    /// cannot be redirected, so the address that the connection came to is always ours.
    /// </summary>
    private static JsonObject ForeignHost(CaddyOptions options) => Refuse(
        Not(new JsonObject { ["host"] = Texts([.. Loopback, LocalAddress, .. options.HostNames]) }),
        421,
        "Tidepool is not known by this name. Open it by its address, or make the name known: tidepool up --host-name NAME.\n");

    private static JsonObject OversizePassword() => Refuse(
        new JsonObject { ["expression"] = $"size({{http.request.header.Authorization}}) > {MaxAuthorization}" },
        431,
        "The Authorization header is too large.\n");

    /// <summary>Several headers arrive here joined by commas, which no password has. Caddy checks the first, and the gate would read all of them as one.</summary>
    private static JsonObject SecondPassword() => Refuse(
        new JsonObject { ["expression"] = "{http.request.header.Authorization}.contains(',')" },
        400,
        "Send one Authorization header, with user name and password.\n");

    /// <summary>As the server writes its refusals.</summary>
    private static JsonObject Problem()
    {
        var problem = Text(400, new JsonObject
        {
            ["type"] = "/api/docs/problems#validation",
            ["title"] = "The request is not valid.",
            ["status"] = 400,
            ["detail"] = Misspelled,
            ["code"] = "validation",
        }.ToJsonString());
        problem["headers"] = new JsonObject { ["Content-Type"] = Texts("application/problem+json") };
        return problem;
    }

    private static JsonObject UriMatches(string pattern) => new() { ["vars_regexp"] = new JsonObject { [Uri] = new JsonObject { ["pattern"] = pattern } } };

    private static JsonObject Refuse(JsonObject match, int status, string text) => Route(new JsonArray(match), Text(status, text));
}
