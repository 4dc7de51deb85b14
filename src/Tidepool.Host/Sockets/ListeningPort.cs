using System.Net;
using System.Net.Sockets;
using Tidepool.Host.State;

namespace Tidepool.Host.Sockets;

/// <summary>Whether an address can be listened on.</summary>
internal enum PortState
{
    Free,
    Taken,

    /// <summary>This machine has no such address.</summary>
    NotHere,
}

/// <summary>The addresses that Caddy listens on, and how they are.</summary>
internal static class ListeningPort
{
    /// <summary>
    /// The address that the owner named, and both loopbacks: a browser that is led to <c>localhost</c> tries either. The worker gives
    /// Caddy the same, without <c>::1</c> where this machine has none.
    /// </summary>
    public static IReadOnlyList<IPAddress> Addresses(string listen)
    {
        var named = IPAddress.TryParse(listen, out var address) ? address : IPAddress.Loopback;
        return [.. new[] { IPAddress.Loopback, IPAddress.IPv6Loopback, named.IsIPv4MappedToIPv6 ? named.MapToIPv4() : named }.Distinct()];
    }

    /// <summary>Found out by listening there for a moment.</summary>
    public static PortState Try(IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return PortState.Free;
        }
        catch (SocketException fault)
        {
            return fault.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported ? PortState.NotHere : PortState.Taken;
        }
    }

    /// <summary>Whether a program takes connections at each address of both ports.</summary>
    public static async Task<bool> AnswerAsync(Settings settings, CancellationToken cancellationToken)
    {
        foreach (var address in Addresses(settings.Listen).Where(address => Try(address, 0) != PortState.NotHere))
        {
            if (!await AnswersAsync(address, settings.ApiPort, cancellationToken) || !await AnswersAsync(address, settings.WorkspacePort, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a program takes connections there.</summary>
    public static async Task<bool> AnswersAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var target = address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address;
        using var client = new TcpClient(target.AddressFamily);
        try
        {
            await client.ConnectAsync(target, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
