using System.Security.Cryptography;
using System.Text;

namespace Tidepool.Host.State;

/// <summary>Names on this machine's network that are made of one another, so that several Tidepools on one machine never meet. Pure.</summary>
public static class NetworkNames
{
    /// <summary>The bridge of a state directory.</summary>
    public static string BridgeOf(StateDirectory state) => "tp" + state.Key;

    /// <summary>The families of the firewall tables around the workspaces.</summary>
    public static readonly IReadOnlyList<string> TableFamilies = ["inet", "bridge", "arp"];

    /// <summary>The name of these tables for the workspaces on a bridge. Rules of ours in other tables have it as their comment.</summary>
    public static string TableOf(string bridge) => "tidepool_" + bridge;

    /// <summary>What the names of the host's ends of all machines' links on a bridge begin with.</summary>
    public static string LinkPrefixOf(string bridge) => "tw" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(bridge)))[..5];
}
