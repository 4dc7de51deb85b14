using System.Text.Json;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Boundary;

/// <summary>
/// Chains of others, such as a container engine's or a firewall daemon's, that drop what they do not know. A packet passes only
/// if every table lets it, so each of them gets a rule at its head that leaves our bridge's packets to our own table.
/// </summary>
internal static class ForeignChains
{
    private static readonly string[] Families = ["ip", "inet"];

    /// <summary>Puts in what is missing. Returns whether anything was.</summary>
    public static async Task<bool> AdmitAsync(string bridge, CancellationToken cancellationToken)
    {
        var table = NetworkNames.TableOf(bridge);
        if (await Nft.ListAsync(["-j", "list", "chains"], cancellationToken) is not { } chains)
        {
            return false;
        }

        var changed = false;
        foreach (var chain in Dropping(chains).Where(c => c.Table != table))
        {
            var rules = await Nft.ListAsync(["list", "chain", chain.Family, chain.Table, chain.Name], cancellationToken);
            if (rules?.Contains($"comment \"{table}\"", StringComparison.Ordinal) == false)
            {
                await Nft.RunAsync(Admission(chain, bridge, table), cancellationToken);
                changed = true;
            }
        }

        return changed;
    }

    internal static IReadOnlyList<ForeignChain> Dropping(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.GetProperty("nftables").EnumerateArray()
            .Where(item => item.TryGetProperty("chain", out var chain) && chain.TryGetProperty("hook", out _))
            .Select(item => item.GetProperty("chain"))
            .Where(chain => Families.Contains(Text(chain, "family")) && Text(chain, "type") == "filter" && Text(chain, "hook") is "forward" or "input")
            .Where(chain => Text(chain, "policy") == "drop" || Text(chain, "table") == "firewalld")
            .Select(chain => new ForeignChain(Text(chain, "family"), Text(chain, "table"), Text(chain, "name"), Text(chain, "hook")))];
    }

    private static string Admission(ForeignChain chain, string bridge, string table)
    {
        var target = $"insert rule {chain.Family} {chain.Table} {chain.Name}";
        var from = $"{target} iifname \"{bridge}\" accept comment \"{table}\"\n";
        return chain.Hook == "input" ? from : from + $"{target} oifname \"{bridge}\" accept comment \"{table}\"\n";
    }

    private static string Text(JsonElement chain, string name) => chain.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    internal sealed record ForeignChain(string Family, string Table, string Name, string Hook);
}
