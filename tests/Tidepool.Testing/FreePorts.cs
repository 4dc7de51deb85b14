using System.Net;
using System.Net.Sockets;

namespace Tidepool.Testing;

/// <summary>
/// Ports for servers that are started later. They are below those that the kernel gives to connections: one of these could be taken
/// between the choice and the start.
/// </summary>
public static class FreePorts
{
    private const int First = 20_000;
    private const int AfterLast = 32_000;
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    /// <summary>A port that is free on the loopback addresses and that this process has not given before.</summary>
    public static int Next()
    {
        lock (Gate)
        {
            while (true)
            {
                var port = Random.Shared.Next(First, AfterLast);
                if (Given.Add(port) && IsFree(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || IsFree(IPAddress.IPv6Loopback, port)))
                {
                    return port;
                }
            }
        }
    }

    private static bool IsFree(IPAddress address, int port)
    {
        using var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException fault)
        {
            // A machine without ::1 has it free.
            return fault.SocketErrorCode == SocketError.AddressNotAvailable;
        }
    }
}
