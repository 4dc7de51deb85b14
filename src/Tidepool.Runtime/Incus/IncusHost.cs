using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Tidepool.Host.Processes;
using Tidepool.Runtime.Boundary;

namespace Tidepool.Runtime.Incus;

/// <summary>What Tidepool owns in Incus beside its machines: a project, a bridge and a pool, each made once and only if missing.</summary>
internal sealed partial class IncusHost(IncusClient client, IOptions<IncusOptions> options)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(120);

    /// <summary>
    /// The resolver gives a guest no name of the host or its LAN, and no public name that leads to a private address. It answers
    /// questions about itself with nothing. Only machines that Incus knows are leased an address, by their hardware address alone.
    /// </summary>
    private static readonly string[] Dnsmasq =
        ["dns-forward-max=20000", "no-hosts", "stop-dns-rebind", "bogus-priv", "domain-needed", "no-ident", "local=/bind/", "local=/server/", "dhcp-ignore-names", "dhcp-ignore-clid", "dhcp-ignore=tag:!known"];

    private readonly IncusOptions names = options.Value;
    private (IPAddress Gateway, IPNetwork Subnet)? subnet;

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await EnsureAsync("1.0/projects", names.Project, Project(), cancellationToken);
        await EnsureAsync("1.0/storage-pools", names.Pool, Pool(), cancellationToken);
        await EnsureAsync("1.0/networks", names.Network, Network(), cancellationToken);
        await UpdateNetworkAsync(cancellationToken);
        await CloseNetworkDirectoryAsync(cancellationToken);
    }

    /// <summary>The bridge's own address and the subnet it is in; null until it is made.</summary>
    public async Task<(IPAddress Gateway, IPNetwork Subnet)?> FindSubnetAsync(CancellationToken cancellationToken)
    {
        if (subnet is null
            && await client.FindAsync($"1.0/networks/{names.Network}", cancellationToken) is { } network
            && network.GetProperty("config").TryGetProperty("ipv4.address", out var address)
            && address.GetString()?.Split('/') is [var gateway, var prefix])
        {
            var own = IPAddress.Parse(gateway);
            var length = int.Parse(prefix, CultureInfo.InvariantCulture);
            subnet = (own, IPNetwork.Parse($"{BaseAddress(own, length)}/{length}"));
        }

        return subnet;
    }

    /// <summary>Whether this Incus can and may run virtual machines: it lists only those of its drivers that work here.</summary>
    public async Task<bool> CanRunMachinesAsync(CancellationToken cancellationToken)
    {
        if (!names.Machines)
        {
            return false;
        }

        var server = await client.GetAsync("1.0", cancellationToken);
        return server.GetProperty("environment").GetProperty("driver").GetString()?.Contains("qemu", StringComparison.Ordinal) == true;
    }

    /// <summary>Takes all of it away, the images included. The machines must be gone before.</summary>
    public async Task PurgeAsync(CancellationToken cancellationToken)
    {
        if (await client.FindAsync($"1.0/projects/{names.Project}", cancellationToken) is not null)
        {
            foreach (var image in (await client.GetAsync("1.0/images?recursion=1", cancellationToken)).EnumerateArray())
            {
                await client.ChangeAsync(HttpMethod.Delete, $"1.0/images/{image.GetProperty("fingerprint").GetString()}", null, Timeout, cancellationToken);
            }
        }

        foreach (var path in new[] { $"1.0/networks/{names.Network}", $"1.0/storage-pools/{names.Pool}", $"1.0/projects/{names.Project}" })
        {
            if (await client.FindAsync(path, cancellationToken) is not null)
            {
                await client.ChangeAsync(HttpMethod.Delete, path, null, Timeout, cancellationToken);
            }
        }
    }

    private async Task EnsureAsync(string collection, string name, JsonObject wanted, CancellationToken cancellationToken)
    {
        var path = $"{collection}/{name}";
        var found = await client.FindAsync(path, cancellationToken);
        if (found is { } half && IsHalfMade(half))
        {
            await client.ChangeAsync(HttpMethod.Delete, path, null, Timeout, cancellationToken);
            found = null;
        }

        if (found is null)
        {
            try
            {
                await client.ChangeAsync(HttpMethod.Post, collection, wanted, Timeout, cancellationToken);
            }
            catch (IncusException)
            {
                // Another request may have made it at the same moment.
                if (await client.FindAsync(path, cancellationToken) is null)
                {
                    throw;
                }
            }
        }
    }

    /// <summary>A network that an older Tidepool made is brought to what this one wants; its address stays.</summary>
    private async Task UpdateNetworkAsync(CancellationToken cancellationToken)
    {
        var path = $"1.0/networks/{names.Network}";
        var config = (await client.GetAsync(path, cancellationToken)).GetProperty("config");
        var wanted = NetworkConfig(config.GetProperty("ipv4.address").GetString()!);
        if (wanted.Any(pair => !config.TryGetProperty(pair.Key, out var value) || value.GetString() != pair.Value!.GetValue<string>()))
        {
            await client.ChangeAsync(HttpMethod.Patch, path, new JsonObject { ["config"] = wanted }, Timeout, cancellationToken);
        }
    }

    /// <summary>
    /// Incus lets every user of this machine read the leases and which machine has which address. Its dnsmasq runs without privilege
    /// and must go on reading them, so the directory stays open to dnsmasq's group. Repeating it does no harm.
    /// </summary>
    private async Task CloseNetworkDirectoryAsync(CancellationToken cancellationToken)
    {
        var directory = Path.Combine(Path.GetDirectoryName(names.Socket)!, "networks", names.Network);
        var note = Path.Combine(directory, "dnsmasq.pid");
        if (!OperatingSystem.IsLinux() || !File.Exists(note) || Group().Match(await File.ReadAllTextAsync(note, cancellationToken)) is not { Success: true } group)
        {
            return;
        }

        try
        {
            await Tool.ReadAsync("chgrp", [group.Groups["group"].Value, directory], cancellationToken);
            File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
        }
        catch (Exception fault) when (fault is ToolException or UnauthorizedAccessException)
        {
            throw new IncusException(500, $"{directory} could not be closed to other users of this machine: {fault.Message}");
        }
    }

    /// <summary>The group that dnsmasq runs in by its arguments. Incus stores them as YAML: in one list with commas, or one on each line.</summary>
    [GeneratedRegex(@"[\s,\[]-g\s*(?:,|\n\s*-)\s*(?<group>[\w.-]+)")]
    private static partial Regex Group();

    private static IPAddress BaseAddress(IPAddress address, int prefixLength)
    {
        var bits = BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
        var octets = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, bits & (uint.MaxValue << (32 - prefixLength)));
        return new IPAddress(octets);
    }

    /// <summary>What a daemon that was killed in the middle of making it leaves behind.</summary>
    private static bool IsHalfMade(JsonElement found) =>
        found.TryGetProperty("status", out var status) && status.GetString() is "Pending" or "Errored";

    private JsonObject Pool()
    {
        var config = new JsonObject();
        if (names.PoolSizeGiB is { } size && names.PoolDriver != "dir")
        {
            config["size"] = $"{size}GiB";
        }

        return new JsonObject { ["name"] = names.Pool, ["driver"] = names.PoolDriver, ["description"] = "Tidepool workspaces", ["config"] = config };
    }

    private JsonObject Network() => new()
    {
        ["name"] = names.Network,
        ["type"] = "bridge",
        ["description"] = "Tidepool workspaces",
        ["config"] = NetworkConfig(names.Subnet ?? BridgeSubnet.Choose(names.Network)
            ?? throw new IncusException(400, "every subnet that was tried is in use on this machine; name a free one with Incus:Subnet")),
    };

    /// <param name="address">The bridge's own address with its prefix length.</param>
    private JsonObject NetworkConfig(string address)
    {
        var gateway = address.Split('/')[0];
        return new JsonObject
        {
            ["ipv4.address"] = address,
            // What may pass, and under which address, is the boundary's: see Boundary/BoundaryScript.
            ["ipv4.nat"] = "false",
            ["ipv4.firewall"] = "false",
            ["ipv6.address"] = "none",
            // A workspace must not learn another's name, not even a name that the other gives itself.
            ["dns.mode"] = "none",
            // Each machine has an address of its own, and none other is ever leased: the range is the bridge's own address.
            ["ipv4.dhcp.ranges"] = $"{gateway}-{gateway}",
            ["raw.dnsmasq"] = string.Join('\n', names.Nat ? Dnsmasq : [.. Dnsmasq, "no-resolv"]),
        };
    }

    private JsonObject Project() => new()
    {
        ["name"] = names.Project,
        ["description"] = "Tidepool workspaces",
        ["config"] = new JsonObject
        {
            ["features.images"] = "true",
            ["features.profiles"] = "true",
            ["features.storage.volumes"] = "true",
            ["features.networks"] = "false",
        },
    };
}
