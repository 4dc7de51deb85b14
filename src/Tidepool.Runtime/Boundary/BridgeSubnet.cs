using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Tidepool.Runtime.Boundary;

/// <summary>
/// Chooses a subnet for the bridge by reading this machine's addresses and routes. Nothing is sent anywhere to see whether it is
/// taken, as a runtime's own choice would do: those networks may be in use.
/// </summary>
internal static class BridgeSubnet
{
    private const int Candidates = 512;

    /// <summary>The bridge's address and prefix length, in 10.0.0.0/8. The same bridge name gives the same subnet while it is free. Null where none was found.</summary>
    public static string? Choose(string bridge) => Choose(bridge, LocalNetworks.Read());

    internal static string? Choose(string bridge, IReadOnlyList<IPNetwork> taken)
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

        return null;
    }
}
