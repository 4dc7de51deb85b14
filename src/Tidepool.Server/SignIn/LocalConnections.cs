using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Tidepool.Host.Sockets;

namespace Tidepool.Server.SignIn;

/// <summary>
/// Asks the kernel which user of this machine has the other end of a TCP connection, by netlink's socket diagnosis (sock_diag(7)).
/// Any user may ask, and the kernel finds one connection in constant time however many there are.
/// </summary>
internal static class LocalConnections
{
    private const int SocketDiagnosis = 4;
    private const ushort ByFamily = 20;
    private const byte Tcp = 6;
    private const byte Established = 1;
    private const byte Listening = 10;
    private const int NoSuchConnection = -2;

    private const int RequestLength = Netlink.HeaderLength + 56;

    // struct inet_diag_msg of linux/inet_diag.h: four bytes, 48 bytes that name the connection, and three numbers before the user.
    private const int UserOffset = Netlink.HeaderLength + 4 + 48 + 12;

    /// <summary>What the kernel says of the client's end.</summary>
    internal abstract record Client
    {
        private Client()
        {
        }

        /// <summary>A process of this user has it.</summary>
        public sealed record OfUser(uint User) : Client;

        /// <summary>It is not on this machine, or this system does not tell.</summary>
        public sealed record Elsewhere : Client;

        /// <summary>It is on this machine and is being closed, so the kernel does not say whose it is; or the kernel could not be asked now.</summary>
        public sealed record Unknown : Client;
    }

    /// <param name="client">The end that opened the connection.</param>
    /// <param name="server">The end that took it.</param>
    public static Client Find(IPEndPoint client, IPEndPoint server)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new Client.Elsewhere();
        }

        (client, server) = (Plain(client), Plain(server));
        var answer = new byte[1024];
        return Netlink.Ask(SocketDiagnosis, ByFamily, Question(client, server), answer) is { } length ? Read(answer.AsSpan(0, length)) : new Client.Unknown();
    }

    /// <summary>An IPv4 address can be written as an IPv6 address; the connection is the same.</summary>
    private static IPEndPoint Plain(IPEndPoint end) => end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;

    private static byte[] Question(IPEndPoint client, IPEndPoint server)
    {
        var bytes = new byte[RequestLength];

        // struct inet_diag_req_v2: family, protocol, two bytes, the states that are wanted; then the connection, its numbers in network order.
        var request = bytes.AsSpan(Netlink.HeaderLength);
        request[0] = (byte)(client.AddressFamily == AddressFamily.InterNetworkV6 ? 10 : 2);
        request[1] = Tcp;
        MemoryMarshal.Write(request[4..], uint.MaxValue);
        var connection = request[8..];
        BinaryPrimitives.WriteUInt16BigEndian(connection, (ushort)client.Port);
        BinaryPrimitives.WriteUInt16BigEndian(connection[2..], (ushort)server.Port);
        client.Address.GetAddressBytes().CopyTo(connection[4..]);
        server.Address.GetAddressBytes().CopyTo(connection[20..]);
        MemoryMarshal.Write(connection[36..], client.Address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv6LinkLocal: true } local ? (uint)local.ScopeId : 0);

        // No cookie of the kernel's, which would name one connection among several that had these numbers one after another.
        connection[40..].Fill(0xff);
        return bytes;
    }

    private static Client Read(ReadOnlySpan<byte> answer)
    {
        var type = Netlink.TypeOf(answer);
        if (type == Netlink.Error && answer.Length >= Netlink.HeaderLength + 4)
        {
            return MemoryMarshal.Read<int>(answer[Netlink.HeaderLength..]) == NoSuchConnection ? new Client.Elsewhere() : new Client.Unknown();
        }

        if (type != ByFamily || answer.Length < UserOffset + 4)
        {
            return new Client.Unknown();
        }

        return answer[Netlink.HeaderLength + 1] switch
        {
            Established => new Client.OfUser(MemoryMarshal.Read<uint>(answer[UserOffset..])),

            // Where there is no such connection, the kernel answers with the socket that listens on the number.
            Listening => new Client.Elsewhere(),
            _ => new Client.Unknown(),
        };
    }
}
