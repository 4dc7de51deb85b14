using System.Collections.Concurrent;
using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Tidepool.Core.Network;
using Tidepool.Core.Workspaces;
using Tidepool.Host.State;
using Tidepool.Runtime.Boundary;

namespace Tidepool.Runtime.Incus;

/// <summary>
/// Gives each machine its network identity before it is made: the name of the host's end, a hardware address, and an address.
/// So the firewall rules can be applied before the machine runs, and nothing that the guest says about itself counts.
/// </summary>
internal sealed class IncusLinks(IncusClient client, IncusHost host, IOptions<IncusOptions> options)
{
    private const string Device = "eth0";
    private readonly ConcurrentDictionary<IPAddress, InstanceName> claimed = new();
    private readonly IncusOptions names = options.Value;

    /// <summary>What the names of all host ends begin with: made of the bridge's, so that two Tidepools on one machine differ.</summary>
    public string Prefix { get; } = NetworkNames.LinkPrefixOf(options.Value.Network);

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
        foreach (var address in MachinePlaces.Candidates(name, gateway, subnet))
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

    /// <summary>A machine's network identity as it was given; null if it was made without one.</summary>
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
        ["host_name"] = MachinePlaces.LinkOf(names.Network, name),
        ["hwaddr"] = MachinePlaces.HardwareAddressOf(name),
        ["ipv4.address"] = address.ToString(),
        ["security.port_isolation"] = "true",
        ["security.mac_filtering"] = "true",
        ["security.ipv4_filtering"] = "true",
        ["security.ipv6_filtering"] = "true",
    };

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;
}
