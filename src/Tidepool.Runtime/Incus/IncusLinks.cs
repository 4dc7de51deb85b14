using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Tidepool.Core.Network;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Incus;

/// <summary>
/// Gives each machine its place on the bridge before it is made: the name of the host's end, a hardware address, and an address.
/// So the wall can be put up before the machine runs, and nothing that the guest says about itself counts.
/// </summary>
internal sealed class IncusLinks(IncusClient client, IncusHost host, IOptions<IncusOptions> options)
{
    private const string Device = "eth0";
    private readonly ConcurrentDictionary<IPAddress, InstanceName> claimed = new();
    private readonly IncusOptions names = options.Value;

    /// <summary>What the names of all host ends begin with: made of the bridge's, so that two Tidepools on one machine differ.</summary>
    public string Prefix { get; } = "tw" + Hash(options.Value.Network, 5);

    /// <summary>The bridge and every machine's place on it.</summary>
    public async Task<WorkspaceNetwork> ReadAsync(CancellationToken cancellationToken)
    {
        var (gateway, subnet) = await SubnetAsync(cancellationToken);
        return new WorkspaceNetwork(names.Network, Prefix, gateway, subnet, names.Nat, await AllAsync(cancellationToken));
    }

    /// <summary>The machine's network device with a place of its own. Give the place back with <see cref="Release"/> once Incus knows of it.</summary>
    public async Task<JsonObject> ClaimAsync(InstanceName name, CancellationToken cancellationToken)
    {
        var (gateway, subnet) = await SubnetAsync(cancellationToken);
        var taken = (await AllAsync(cancellationToken)).Select(l => l.Address).ToHashSet();
        foreach (var address in Candidates(name, gateway, subnet))
        {
            if (!taken.Contains(address) && claimed.TryAdd(address, name))
            {
                return Render(name, address);
            }
        }

        throw new IncusException(400, $"every address of {subnet} is taken; delete a workspace, or give the bridge a larger subnet with Incus:Subnet");
    }

    public void Release(InstanceName name)
    {
        foreach (var (address, _) in claimed.Where(pair => pair.Value == name))
        {
            claimed.TryRemove(address, out _);
        }
    }

    /// <summary>A machine's place as it was given; null where it was made without one.</summary>
    public static NetworkLink? Read(JsonElement instance) =>
        instance.TryGetProperty("devices", out var devices)
        && devices.TryGetProperty(Device, out var nic)
        && Text(nic, "host_name") is { } link
        && Text(nic, "hwaddr") is { } hardware
        && IPAddress.TryParse(Text(nic, "ipv4.address"), out var address)
            ? new NetworkLink(link, PhysicalAddress.Parse(hardware.ToUpperInvariant().Replace(':', '-')), address)
            : null;

    private async Task<(IPAddress Gateway, IPNetwork Subnet)> SubnetAsync(CancellationToken cancellationToken) =>
        await host.FindSubnetAsync(cancellationToken) ?? throw new IncusException(503, $"the bridge {names.Network} is not made yet");

    private async Task<IReadOnlyList<NetworkLink>> AllAsync(CancellationToken cancellationToken) =>
        [.. (await client.GetAsync("1.0/instances?recursion=1", cancellationToken)).EnumerateArray().Select(Read).OfType<NetworkLink>()];

    private JsonObject Render(InstanceName name, IPAddress address) => new()
    {
        ["type"] = "nic",
        ["name"] = Device,
        ["network"] = names.Network,
        ["host_name"] = Prefix + Hash(name.ToString(), 8),
        ["hwaddr"] = HardwareAddress(name),
        ["ipv4.address"] = address.ToString(),
        ["security.port_isolation"] = "true",
        ["security.mac_filtering"] = "true",
        ["security.ipv4_filtering"] = "true",
        ["security.ipv6_filtering"] = "true",
    };

    /// <summary>All that the subnet has, beginning where the name points: most machines keep clear of each other without looking.</summary>
    private static IEnumerable<IPAddress> Candidates(InstanceName name, IPAddress gateway, IPNetwork subnet)
    {
        var hosts = (1u << (32 - subnet.PrefixLength)) - 2;
        var first = BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(name.ToString())));
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

    /// <summary>Locally administered, for one machine only.</summary>
    private static string HardwareAddress(InstanceName name)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes("hardware address of " + name));
        return string.Join(':', hash.Take(5).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)).Prepend("02"));
    }

    private static string Hash(string text, int digits) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..digits];

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;
}
