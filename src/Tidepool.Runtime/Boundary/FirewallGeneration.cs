using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Tidepool.Host.Sockets;

namespace Tidepool.Runtime.Boundary;

/// <summary>
/// The number that the kernel raises by one with each transaction of nftables: while it stays the same, the firewall is unchanged.
/// Asked of the kernel by netlink, as linux/netfilter/nf_tables.h numbers it (NFT_MSG_GETGEN), which takes some microseconds.
/// </summary>
internal static class FirewallGeneration
{
    private const int NetfilterProtocol = 12;
    private const ushort Question = (10 << 8) | 16;
    private const ushort Answer = (10 << 8) | 15;
    private const ushort NumberAttribute = 1;

    /// <summary>Netlink's header, and four bytes of netfilter's own.</summary>
    private const int HeaderLength = Netlink.HeaderLength + 4;
    private const int AttributeHeaderLength = 4;

    /// <summary>Null where the kernel does not say.</summary>
    public static uint? Read()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        Span<byte> question = stackalloc byte[HeaderLength];
        question.Clear();
        Span<byte> answer = stackalloc byte[512];
        return Netlink.Ask(NetfilterProtocol, Question, question, answer) is { } length ? Parse(answer[..length]) : null;
    }

    /// <summary>The number in an answer; null where there is none.</summary>
    internal static uint? Parse(ReadOnlySpan<byte> answer)
    {
        if (answer.Length < HeaderLength || Netlink.TypeOf(answer) != Answer)
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
}
