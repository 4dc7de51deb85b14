using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;

namespace Tidepool.Runtime.Incus;

/// <summary>What Tidepool owns in Incus beside its machines: a project, a bridge and a pool, each made once and only if missing.</summary>
internal sealed class IncusHost(IncusClient client, IOptions<IncusOptions> options)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly IncusOptions names = options.Value;

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await EnsureAsync("1.0/projects", names.Project, Project(), cancellationToken);
        await EnsureAsync("1.0/storage-pools", names.Pool, Pool(), cancellationToken);
        await EnsureAsync("1.0/networks", names.Network, Network(), cancellationToken);
    }

    /// <summary>Whether this Incus can run virtual machines: it lists only those of its drivers that work here.</summary>
    public async Task<bool> CanRunMachinesAsync(CancellationToken cancellationToken)
    {
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
                await client.ChangeAsync(HttpMethod.Delete, $"1.0/images/{image.GetProperty("fingerprint").GetString()}", null, Patience, cancellationToken);
            }
        }

        foreach (var path in new[] { $"1.0/networks/{names.Network}", $"1.0/storage-pools/{names.Pool}", $"1.0/projects/{names.Project}" })
        {
            if (await client.FindAsync(path, cancellationToken) is not null)
            {
                await client.ChangeAsync(HttpMethod.Delete, path, null, Patience, cancellationToken);
            }
        }
    }

    private async Task EnsureAsync(string collection, string name, JsonObject wanted, CancellationToken cancellationToken)
    {
        var path = $"{collection}/{name}";
        var found = await client.FindAsync(path, cancellationToken);
        if (found is { } half && IsHalfMade(half))
        {
            await client.ChangeAsync(HttpMethod.Delete, path, null, Patience, cancellationToken);
            found = null;
        }

        if (found is null)
        {
            try
            {
                await client.ChangeAsync(HttpMethod.Post, collection, wanted, Patience, cancellationToken);
            }
            catch (IncusException)
            {
                // Somebody else may have made it at the same moment.
                if (await client.FindAsync(path, cancellationToken) is null)
                {
                    throw;
                }
            }
        }
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
        ["config"] = new JsonObject
        {
            ["ipv4.address"] = names.Subnet ?? BridgeSubnet.Choose(names.Network),
            ["ipv4.nat"] = names.Nat ? "true" : "false",
            ["ipv6.address"] = "none",
            // One workspace is not to learn another's name.
            ["dns.mode"] = "none",
        },
    };

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
