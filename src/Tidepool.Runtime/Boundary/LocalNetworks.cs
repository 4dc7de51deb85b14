using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Numerics;

namespace Tidepool.Runtime.Boundary;

/// <summary>The IPv4 networks that this machine is on or has a route to, read from the kernel.</summary>
internal static class LocalNetworks
{
    /// <summary>A route wider than this is a default route, not a local network: some tunnels split the default route in two.</summary>
    private const int WidestNetwork = 8;

    /// <param name="except">An interface whose networks do not count.</param>
    public static IReadOnlyList<IPNetwork> Read(string? except = null) => [.. OfInterfaces(except).Concat(OfRoutes(except)).Distinct()];

    private static IEnumerable<IPNetwork> OfInterfaces(string? except) =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(nic => nic.Name != except)
            .SelectMany(nic => nic.GetIPProperties().UnicastAddresses)
            .Where(address => address.Address.AddressFamily == AddressFamily.InterNetwork && address.PrefixLength > 0)
            .Select(address => Masked(address.Address, address.PrefixLength));

    private static IEnumerable<IPNetwork> OfRoutes(string? except)
    {
        if (!File.Exists("/proc/net/route"))
        {
            yield break;
        }

        foreach (var fields in File.ReadLines("/proc/net/route").Skip(1).Select(line => line.Split('\t')))
        {
            var prefix = BitOperations.PopCount(uint.Parse(fields[7], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            if (fields[0] != except && prefix >= WidestNetwork)
            {
                yield return Masked(Reversed(fields[1]), prefix);
            }
        }
    }

    private static IPAddress Reversed(string hex)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, uint.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return new IPAddress(bytes);
    }

    /// <summary>The network of that length that an address is in.</summary>
    public static IPNetwork Masked(IPAddress address, int prefix)
    {
        Span<byte> bytes = stackalloc byte[4];
        address.TryWriteBytes(bytes, out _);
        var mask = prefix == 0 ? 0u : uint.MaxValue << (32 - prefix);
        BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(bytes) & mask);
        return new IPNetwork(new IPAddress(bytes), prefix);
    }
}
