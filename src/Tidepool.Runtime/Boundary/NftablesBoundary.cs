using System.Text.RegularExpressions;
using Tidepool.Core.Network;

namespace Tidepool.Runtime.Boundary;

/// <summary>The wall as nftables rules: two tables of our own, put in whole each time.</summary>
internal sealed partial class NftablesBoundary(FirewallWatch watch, uint? proxyUser, int workspacePort, TimeProvider time) : INetworkBoundary
{
    /// <summary>After which it is looked at even if the kernel told of no change.</summary>
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(30);

    private string? applied;
    private string? standing;
    private long changesSeen;
    private long lookedAt;

    public async Task<bool> ApplyAsync(NetworkRules rules, CancellationToken cancellationToken)
    {
        var bridge = rules.Network.Bridge;
        var script = BoundaryScript.Render(rules, LocalNetworks.Read(except: bridge), proxyUser, workspacePort);
        var changes = watch.Changes;
        if (script == applied && changes == changesSeen && time.GetElapsedTime(lookedAt) < Trust)
        {
            return false;
        }

        var changed = script != applied || standing is null || await ListAsync(bridge, cancellationToken) != standing;
        if (changed)
        {
            applied = null;
            await Nft.RunAsync(script, cancellationToken);
            standing = await ListAsync(bridge, cancellationToken);
            applied = script;
        }

        changed = await ForeignChains.AdmitAsync(bridge, cancellationToken) || changed;

        // Read before the look, so that a change made during it is looked at again.
        (changesSeen, lookedAt) = (changes, time.GetTimestamp());
        return changed;
    }

    public Task ChangedAsync(CancellationToken cancellationToken) => watch.ChangedAsync(cancellationToken);

    /// <summary>What stands now, without what packets have put into sets; null where either table is missing.</summary>
    private static async Task<string?> ListAsync(string bridge, CancellationToken cancellationToken)
    {
        var table = BoundaryScript.TableOf(bridge);
        var inet = await Nft.ListAsync(["-s", "list", "table", "inet", table], cancellationToken);
        var frames = await Nft.ListAsync(["-s", "list", "table", "bridge", table], cancellationToken);
        return inet is null || frames is null ? null : PacketSets().Replace(inet, "") + frames;
    }

    [GeneratedRegex(@"^\tset " + BoundaryScript.PacketSets + @"_\w+ \{.*?^\t\}$", RegexOptions.Singleline | RegexOptions.Multiline, 1000)]
    private static partial Regex PacketSets();
}
