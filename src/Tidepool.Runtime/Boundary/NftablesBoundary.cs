using System.Text.RegularExpressions;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Boundary;

/// <summary>
/// The firewall around the workspaces as nftables rules: three tables of our own, put in whole each time. A workspace waits for its start
/// only as long as the kernel takes to put them in; how nft lists them, against which later changes are compared, is read beside that.
/// </summary>
internal sealed partial class NftablesBoundary(FirewallWatch watch, uint? proxyUser, int workspacePort, TimeProvider time) : INetworkBoundary
{
    /// <summary>After this the firewall is checked even if the kernel reported no change.</summary>
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(30);

    /// <summary>The rules that were put in last; null where that failed.</summary>
    private string? applied;

    /// <summary>How nft lists them; null if that was not read, or if another program changed the firewall first.</summary>
    private string? standing;

    /// <summary>The kernel's number of changes at which they stood, and at which the chains of others let the bridge through.</summary>
    private (uint? Standing, uint? Admitting) sure;
    private long lookedAt;
    private Task reading = Task.CompletedTask;

    public long Changes => watch.Changes;

    public async Task<bool> ApplyAsync(NetworkRules rules, CancellationToken cancellationToken)
    {
        var bridge = rules.Network.Bridge;
        BridgeLearning.TurnOff(bridge);
        var script = BoundaryScript.Render(rules, LocalNetworks.Read(except: bridge), proxyUser, workspacePort);
        await reading;
        if (script != applied)
        {
            await PutInAsync(script, bridge, cancellationToken);
            return true;
        }

        // Read before the check, so that a change made during it is checked again.
        var now = FirewallGeneration.Read();
        var isFresh = now is not null && time.GetElapsedTime(lookedAt) < Trust;
        var stands = (isFresh && now == sure.Standing) || (standing is not null && await ListAsync(bridge, cancellationToken) == standing);
        if (stands)
        {
            sure.Standing = now;
        }
        else
        {
            await PutInAsync(script, bridge, cancellationToken);
        }

        var admitted = (!isFresh || now != sure.Admitting) && await ForeignChains.AdmitAsync(bridge, cancellationToken);
        sure.Admitting = now;
        lookedAt = time.GetTimestamp();
        return !stands || admitted;
    }

    public Task ChangedAsync(long since, CancellationToken cancellationToken) => watch.ChangedAsync(since, cancellationToken);

    private async Task PutInAsync(string script, string bridge, CancellationToken cancellationToken)
    {
        (applied, standing, sure) = (null, null, default);
        var before = FirewallGeneration.Read();
        await Nft.RunAsync(script, cancellationToken);
        var after = FirewallGeneration.Read();
        applied = script;
        lookedAt = time.GetTimestamp();

        // Exactly one change: no other program changed the firewall meanwhile.
        var isOurs = before is null || after == before + 1;
        sure.Standing = isOurs ? after : null;
        reading = isOurs ? ReadStandingAsync(bridge, after, cancellationToken) : Task.CompletedTask;
    }

    /// <summary>What was listed counts only if the firewall is still what it was right after the rules were put in.</summary>
    private async Task ReadStandingAsync(string bridge, uint? generation, CancellationToken cancellationToken)
    {
        try
        {
            var listed = await ListAsync(bridge, cancellationToken);
            standing = FirewallGeneration.Read() == generation ? listed : null;
        }
        catch (Exception fault) when (fault is RuntimeException or OperationCanceledException)
        {
            // The next check applies the rules again, and reads them then.
        }
    }

    /// <summary>What stands now, without what packets have put into sets; null where one of the tables is missing.</summary>
    private static async Task<string?> ListAsync(string bridge, CancellationToken cancellationToken)
    {
        var table = NetworkNames.TableOf(bridge);
        var listed = await Task.WhenAll(NetworkNames.TableFamilies.Select(family => Nft.ListAsync(["-s", "list", "table", family, table], cancellationToken)));
        try
        {
            return listed.Contains(null) ? null : PacketSets().Replace(string.Concat(listed), "");
        }
        catch (RegexMatchTimeoutException)
        {
            // Not known, so the rules are put in again.
            return null;
        }
    }

    [GeneratedRegex(@"^\tset " + BoundaryScript.PacketSets + @"_\w+ \{.*?^\t\}$", RegexOptions.Singleline | RegexOptions.Multiline, 1000)]
    private static partial Regex PacketSets();
}
