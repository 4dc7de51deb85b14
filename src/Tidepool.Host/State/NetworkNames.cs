using System.Security.Cryptography;
using System.Text;

namespace Tidepool.Host.State;

/// <summary>Names and numbers on this machine's network. The names are made of one another, so that several Tidepools on one machine never meet. Pure.</summary>
public static class NetworkNames
{
    /// <summary>
    /// From this port on, the connections of workspaces leave this machine. The kernel gives this machine's own connections lower ones
    /// (<c>net.ipv4.ip_local_port_range</c>), and no service of ours listens on one of these.
    /// </summary>
    public const int FirstNatPort = 61_000;

    /// <summary>The bridge of a state directory.</summary>
    public static string BridgeOf(StateDirectory state) => "tp" + state.Key;

    /// <summary>The families of the firewall tables around the workspaces.</summary>
    public static readonly IReadOnlyList<string> TableFamilies = ["inet", "bridge", "arp"];

    /// <summary>The name of these tables for the workspaces on a bridge. Rules of ours in other tables have it as their comment.</summary>
    public static string TableOf(string bridge) => "tidepool_" + bridge;

    /// <summary>What the names of the host's ends of all machines' links on a bridge begin with.</summary>
    public static string LinkPrefixOf(string bridge) => "tw" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(bridge)))[..5];
}
