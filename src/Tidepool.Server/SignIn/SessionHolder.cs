using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Tidepool.Server.Security;

namespace Tidepool.Server.SignIn;

/// <summary>
/// The user that may use a session cookie. Cookies ignore ports: a browser sends the cookie to every port of the same host name, also to one on
/// which another user of this machine listens. So a cookie that a process of one user was given counts only for processes of that
/// user, and a cookie that was given to the network counts for no process of this machine.
/// </summary>
internal sealed class SessionHolder(CaddySecret secret)
{
    /// <summary>What the client's cookie must have behind the token, 64 hexadecimal digits; null where that cannot be said now.</summary>
    /// <param name="client">The end of the connection that the client has.</param>
    /// <param name="server">The end that Caddy has.</param>
    public string? Of(IPEndPoint client, IPEndPoint server) => secret.Current() is not { Length: > 0 } key
        ? null
        : LocalConnections.Find(client, server) switch
        {
            LocalConnections.Client.OfUser local => Digest(key, string.Create(CultureInfo.InvariantCulture, $"user {local.User}")),
            LocalConnections.Client.Elsewhere => Digest(key, "network"),
            _ => null,
        };

    /// <summary>Only Caddy and the server can work it out, and no part of the machine needs to remember it.</summary>
    private static string Digest(string key, string holder) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes("Tidepool session of " + holder)));
}
