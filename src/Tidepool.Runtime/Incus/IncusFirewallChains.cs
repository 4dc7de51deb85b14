using System.Text.Json;
using Tidepool.Host.Processes;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Incus;

/// <summary>
/// The chains that Incus keeps in its nftables tables for our bridge and our machines. Other daemons share those tables, so
/// only chains that are named after something of ours are touched, and a table only once it is empty.
/// </summary>
internal sealed class IncusFirewallChains(string bridge, StateDirectory state)
{
    private static readonly string[] Families = ["inet", "ip", "ip6", "bridge"];

    private static readonly string[] MachineKinds = ["containers", "virtual-machines"];

    public async Task RemoveAsync(Action<string> say, CancellationToken cancellationToken)
    {
        foreach (var family in Families)
        {
            var all = await ChainsAsync(family, cancellationToken);
            var ours = all?.Where(IsOurs).ToList() ?? [];
            foreach (var chain in ours)
            {
                say($"Removing the firewall chain {chain}, which was left over.");
                await Tool.RunAsync("nft", ["delete", "chain", family, "incus", chain], cancellationToken);
            }

            if (all is not null && all.Count == ours.Count)
            {
                await Tool.RunAsync("nft", ["delete", "table", family, "incus"], cancellationToken);
            }
        }
    }

    public async Task<IReadOnlyList<string>> FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<string>();
        foreach (var family in Families)
        {
            found.AddRange((await ChainsAsync(family, cancellationToken) ?? []).Where(IsOurs));
        }

        return found;
    }

    /// <summary>Whether a chain, named <c>in.BRIDGE</c> or <c>in.PROJECT_MACHINE.DEVICE</c>, is about something of ours.</summary>
    internal bool IsOurs(string chain)
    {
        var parts = chain.Split('.');
        return parts.Length > 1 && ((bridge.Length > 0 && parts[1] == bridge) || Machines().Contains(parts[1]));
    }

    internal static IReadOnlyList<string> Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.GetProperty("nftables").EnumerateArray()
            .Where(item => item.TryGetProperty("chain", out _))
            .Select(item => item.GetProperty("chain").GetProperty("name").GetString()!)];
    }

    private IEnumerable<string> Machines() =>
        MachineKinds
            .Select(kind => state.At(IncusDescriptor.Word, kind))
            .Where(Directory.Exists)
            .SelectMany(Directory.EnumerateFileSystemEntries)
            .Select(path => Path.GetFileName(path));

    /// <summary>Null where there is no such table.</summary>
    private static async Task<IReadOnlyList<string>?> ChainsAsync(string family, CancellationToken cancellationToken)
    {
        var result = await Tool.RunAsync("nft", ["-j", "list", "table", family, "incus"], cancellationToken);
        return result.Succeeded ? Parse(result.Output) : null;
    }
}
