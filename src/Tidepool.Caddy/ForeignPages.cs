using System.Text.Json.Nodes;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>
/// Keeps pages of other sites from acting on a workspace as its owner: browsers send the password along with whatever any page asks
/// for, and what listens on a port seldom asks where a request comes from. A link from anywhere may lead here; nothing else may.
/// </summary>
internal static class ForeignPages
{
    private const string Origin = "{http.request.header.Origin}";
    private const string Host = "{http.request.host}";

    public static IEnumerable<JsonObject> Routes()
    {
        // Told by the browser itself, where the address is one that it trusts.
        yield return Refuse("{http.request.header.Sec-Fetch-Site} == 'cross-site' && "
            + "!({http.request.method} == 'GET' && {http.request.header.Sec-Fetch-Mode} == 'navigate' && {http.request.header.Sec-Fetch-Dest} == 'document')");

        // Named with everything that can change something, and with every WebSocket. Any port of this host is the same site.
        yield return Refuse($"{Origin} != '' && !({IsOfHost("http://")} || {IsOfHost("https://")})");
    }

    private static string IsOfHost(string scheme) => $"{Origin} == '{scheme}' + {Host} || {Origin}.startsWith('{scheme}' + {Host} + ':')";

    private static JsonObject Refuse(string condition) => Route(
        new JsonArray(new JsonObject { ["expression"] = condition }),
        Text(403, "The request came from a page of another site. Open the workspace by its own address.\n"));
}
