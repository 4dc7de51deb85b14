using System.Net;
using System.Net.Sockets;

namespace Tidepool.Caddy;

/// <summary>
/// The addresses that Caddy listens on: the owner's, and both of this machine's own. A browser that opens <c>localhost</c> tries
/// either. If Caddy left one free, any user of this machine could listen there and get the owner's password.
/// </summary>
internal static class LoopbackAddresses
{
    /// <param name="listen">The address that the owner named.</param>
    /// <param name="hasIPv6">Whether this machine has <c>::1</c>.</param>
    /// <remarks>An address beside one for all networks is no contradiction to Caddy, whatever the machine's <c>bindv6only</c> says.</remarks>
    public static IReadOnlyList<string> With(string listen, bool hasIPv6)
    {
        string[] loopbacks = [IPAddress.Loopback.ToString(), .. hasIPv6 ? new[] { IPAddress.IPv6Loopback.ToString() } : []];
        var named = IPAddress.TryParse(listen, out var address) ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : listen;
        return [.. loopbacks, .. new[] { named }.Except(loopbacks, StringComparer.Ordinal)];
    }

    /// <summary>Whether this machine has <c>::1</c>, found out by listening there.</summary>
    public static bool HasIPv6()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException fault) when (fault.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
        {
            return false;
        }
    }
}
