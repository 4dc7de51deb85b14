using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Tidepool.Runtime.Boundary;

/// <summary>
/// The number that the kernel raises by one with each transaction of nftables: while it stays the same, the firewall is unchanged.
/// Asked of the kernel by netlink, as linux/netfilter/nf_tables.h numbers it (NFT_MSG_GETGEN), which takes some microseconds.
/// </summary>
internal static partial class FirewallGeneration
{
    private const int NetlinkFamily = 16;
    private const int RawCloseOnExec = 3 | 0x80000;
    private const int NetfilterProtocol = 12;
    private const ushort Ask = (10 << 8) | 16;
    private const ushort Answer = (10 << 8) | 15;
    private const ushort IsRequest = 1;
    private const ushort NumberAttribute = 1;
    private const int HeaderLength = 20;
    private const int AttributeHeaderLength = 4;

    /// <summary>Null where the kernel does not say.</summary>
    public static uint? Read()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var socket = OpenSocket(NetlinkFamily, RawCloseOnExec, NetfilterProtocol);
        if (socket < 0)
        {
            return null;
        }

        try
        {
            Span<byte> message = stackalloc byte[512];
            message.Clear();
            MemoryMarshal.Write(message, HeaderLength);
            MemoryMarshal.Write(message[4..], Ask);
            MemoryMarshal.Write(message[6..], IsRequest);
            if (Send(socket, message, HeaderLength, 0) != HeaderLength)
            {
                return null;
            }

            // The kernel answers before the request returns, so this never waits.
            var length = Receive(socket, message, message.Length, 0);
            return length < HeaderLength ? null : Parse(message[..(int)length]);
        }
        finally
        {
            _ = CloseSocket(socket);
        }
    }

    /// <summary>The number in an answer; null where there is none.</summary>
    internal static uint? Parse(ReadOnlySpan<byte> answer)
    {
        if (answer.Length < HeaderLength || MemoryMarshal.Read<ushort>(answer[4..]) != Answer)
        {
            return null;
        }

        var rest = answer[HeaderLength..];
        while (rest.Length >= AttributeHeaderLength && MemoryMarshal.Read<ushort>(rest) is var length && length >= AttributeHeaderLength && length <= rest.Length)
        {
            if (MemoryMarshal.Read<ushort>(rest[2..]) == NumberAttribute && length == AttributeHeaderLength + sizeof(uint))
            {
                return BinaryPrimitives.ReadUInt32BigEndian(rest[AttributeHeaderLength..]);
            }

            rest = rest[Math.Min(rest.Length, (length + 3) & ~3)..];
        }

        return null;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, ReadOnlySpan<byte> message, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, Span<byte> buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseSocket(int socket);
}
