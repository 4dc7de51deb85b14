using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tidepool.Host.Sockets;

/// <summary>The user at the other end of a Unix stream socket. Linux only.</summary>
public static class PeerUser
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    /// <summary>
    /// The user that connected, or that listens, as the kernel reports it. <see cref="uint.MaxValue"/>, which no user is, where the kernel
    /// does not say. SO_PEERCRED gives process, user and group, each as 32 bits (unix(7)).
    /// </summary>
    public static uint Of(Socket connection)
    {
        Span<byte> credentials = stackalloc byte[12];
        return connection.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == credentials.Length ? MemoryMarshal.Read<uint>(credentials[4..]) : uint.MaxValue;
    }
}
