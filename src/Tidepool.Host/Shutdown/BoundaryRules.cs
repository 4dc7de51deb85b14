using System.Text.Json;
using Tidepool.Host.Processes;
using Tidepool.Host.State;

namespace Tidepool.Host.Shutdown;

/// <summary>
/// The worker's firewall rules around the workspaces: three nftables tables that carry our bridge's name, and the rules that let the bridge
/// through others' chains, which carry that name as their comment.
/// </summary>
internal sealed class BoundaryRules(string bridge)
{
    private string Table => NetworkNames.TableOf(bridge);

    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        foreach (var family in NetworkNames.TableFamilies)
        {
            await Tool.RunAsync("nft", ["delete", "table", family, Table], cancellationToken);
        }

        foreach (var rule in await AdmissionsAsync(cancellationToken))
        {
            await Tool.RunAsync("nft", ["delete", "rule", rule.Family, rule.Table, rule.Chain, "handle", rule.Handle], cancellationToken);
        }
    }

    /// <summary>A description of the rules that exist.</summary>
    public async Task<IReadOnlyList<string>> FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<string>();
        foreach (var family in NetworkNames.TableFamilies)
        {
            if ((await Tool.RunAsync("nft", ["list", "table", family, Table], cancellationToken)).Succeeded)
            {
                found.Add($"firewall table {family} {Table}");
            }
        }

        found.AddRange((await AdmissionsAsync(cancellationToken)).Select(rule => $"firewall rule {rule.Handle} in {rule.Table} {rule.Chain}"));
        return found;
    }

    internal static IReadOnlyList<Admission> Parse(string json, string comment)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.GetProperty("nftables").EnumerateArray()
            .Where(item => item.TryGetProperty("rule", out var rule) && rule.TryGetProperty("comment", out var text) && text.GetString() == comment)
            .Select(item => item.GetProperty("rule"))
            .Select(rule => new Admission(Text(rule, "family"), Text(rule, "table"), Text(rule, "chain"), rule.GetProperty("handle").GetRawText()))];
    }

    private async Task<IReadOnlyList<Admission>> AdmissionsAsync(CancellationToken cancellationToken)
    {
        var result = await Tool.RunAsync("nft", ["-j", "list", "ruleset"], cancellationToken);
        return result.Succeeded ? Parse(result.Output, Table) : [];
    }

    private static string Text(JsonElement rule, string name) => rule.GetProperty(name).GetString()!;

    internal sealed record Admission(string Family, string Table, string Chain, string Handle);
}
