using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Tidepool.Core.Workspaces;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Boundary;

/// <summary>
/// A machine's network identity on the bridge: its interface name and addresses, on every runtime whose links our firewall
/// filters. Derived from names alone, so that it is known before the machine exists. Pure.
/// </summary>
internal static class MachinePlaces
{
    public static string LinkOf(string bridge, InstanceName name) => NetworkNames.LinkPrefixOf(bridge) + Hash(name.ToString(), 8);

    /// <summary>Locally administered, for one machine only.</summary>
    public static string HardwareAddressOf(InstanceName name) => HardwareAddressOf("hardware address of " + name);

    public static string HardwareAddressOf(string whose)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(whose));
        return string.Join(':', hash.Take(5).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)).Prepend("02"));
    }

    /// <summary>All addresses of the subnet, beginning with the one that the name maps to: most machines differ in their first address.</summary>
    public static IEnumerable<IPAddress> Candidates(InstanceName name, IPAddress gateway, IPNetwork subnet)
    {
        var hosts = (1u << (32 - subnet.PrefixLength)) - 2;
        var first = NumberOf(name);
        var network = subnet.BaseAddress.GetAddressBytes();
        var start = ((uint)network[0] << 24) | ((uint)network[1] << 16) | ((uint)network[2] << 8) | network[3];
        for (var offset = 0u; offset < hosts; offset++)
        {
            var number = start + 1 + ((first + offset) % hosts);
            var address = new IPAddress([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);
            if (!address.Equals(gateway))
            {
                yield return address;
            }
        }
    }

    /// <summary>A number that hardly any two machines share.</summary>
    public static uint NumberOf(InstanceName name) => BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(name.ToString())));

    private static string Hash(string text, int digits) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..digits];
}
