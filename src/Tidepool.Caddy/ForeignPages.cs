using System.Text.Json.Nodes;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>
/// Keeps pages of other origins from acting on a workspace as its owner: browsers send password and session along with whatever any
/// page asks for, and what listens on a port seldom asks where a request comes from. Another port of the same host name is another
/// origin, too: any user of this machine can listen there. A link from anywhere may lead here; nothing else may.
/// </summary>
internal static class ForeignPages
{
    private const string Origin = "{http.request.header.Origin}";
    private const string Host = "{http.request.hostport}";
    private const string Site = "{http.request.header.Sec-Fetch-Site}";

    public static IEnumerable<JsonObject> Routes()
    {
        // The browser itself says so, where it trusts the address: over TLS and on loopback.
        yield return Refuse($"{Site} != '' && {Site} != 'same-origin' && {Site} != 'none' && "
            + "!({http.request.method} == 'GET' && {http.request.header.Sec-Fetch-Mode} == 'navigate' && {http.request.header.Sec-Fetch-Dest} == 'document')");

        // The browser names the origin with everything that can change something, and with every WebSocket. A proxy in front of Caddy
        // may have taken the port out of the Host header; then what the browser itself says decides.
        yield return Refuse($"{Origin} != '' && {Site} != 'same-origin' && {Origin} != 'http://' + {Host} && {Origin} != 'https://' + {Host}");
    }

    private static JsonObject Refuse(string condition) => Route(
        new JsonArray(new JsonObject { ["expression"] = condition }),
        Text(403, "The request came from a page of another origin. Open the workspace by its own address.\n"));
}
