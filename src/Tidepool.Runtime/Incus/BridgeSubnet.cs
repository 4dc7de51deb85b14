using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Tidepool.Runtime.Incus;

/// <summary>
/// Chooses a subnet for the bridge by reading this machine's addresses and routes. Incus's own <c>auto</c> pings into random
/// private networks to see whether they are taken; those may be somebody's, so it is never used.
/// </summary>
internal static class BridgeSubnet
{
    private const int Candidates = 512;

    /// <summary>The bridge's address and prefix length, in 10.0.0.0/8. The same bridge name gives the same subnet while it is free.</summary>
    public static string Choose(string bridge) => Choose(bridge, [.. LocalNetworks()]);

    internal static string Choose(string bridge, IReadOnlyList<IPNetwork> taken)
    {
        for (var attempt = 0; attempt < Candidates; attempt++)
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{bridge}/{attempt}"));

            // 10.64 to 10.255: the low ones are what offices and virtual private networks take first.
            var network = new IPNetwork(new IPAddress([10, (byte)(64 + (hash[0] % 192)), hash[1], 0]), 24);
            if (!taken.Any(other => other.Contains(network.BaseAddress) || network.Contains(other.BaseAddress)))
            {
                return $"10.{64 + (hash[0] % 192)}.{hash[1]}.1/24";
            }
        }

        throw new IncusException(400, "every subnet that was tried is in use on this machine; name a free one with Incus:Subnet");
    }

    private static IEnumerable<IPNetwork> LocalNetworks()
    {
        foreach (var address in NetworkInterface.GetAllNetworkInterfaces().SelectMany(nic => nic.GetIPProperties().UnicastAddresses))
        {
            if (address.Address.AddressFamily == AddressFamily.InterNetwork)
            {
                yield return Masked(address.Address, address.PrefixLength);
            }
        }

        if (!File.Exists("/proc/net/route"))
        {
            yield break;
        }

        foreach (var fields in File.ReadLines("/proc/net/route").Skip(1).Select(line => line.Split('\t')))
        {
            var destination = Reversed(fields[1]);
            var prefix = BitOperations.PopCount(uint.Parse(fields[7], NumberStyles.HexNumber));

            // The default route covers everything and takes nothing.
            if (prefix > 0)
            {
                yield return Masked(destination, prefix);
            }
        }
    }

    private static IPAddress Reversed(string hex)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, uint.Parse(hex, NumberStyles.HexNumber));
        return new IPAddress(bytes);
    }

    private static IPNetwork Masked(IPAddress address, int prefix)
    {
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        var mask = prefix == 0 ? 0u : uint.MaxValue << (32 - prefix);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(bytes) & mask);
        return new IPNetwork(new IPAddress(bytes), prefix);
    }
}
