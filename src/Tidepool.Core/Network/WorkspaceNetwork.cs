using System.Net;
using System.Net.NetworkInformation;

namespace Tidepool.Core.Network;

/// <summary>One machine's network identity on the bridge: the host's end of its link, and the two addresses it may send from.</summary>
public sealed record NetworkLink(string Interface, PhysicalAddress HardwareAddress, IPAddress Address);

/// <summary>The bridge that workspaces are on, as the runtime made it.</summary>
/// <param name="Bridge">The interface's name on the host.</param>
/// <param name="PortPrefix">What the name of every machine's end of the bridge begins with, and no other interface's does.</param>
/// <param name="Gateway">The host's own address there.</param>
/// <param name="Subnet">Where workspaces have their addresses.</param>
/// <param name="ReachesInternet">Whether workspaces may reach the internet, through the host's address.</param>
/// <param name="Links">Every machine that there is, running or not.</param>
public sealed record WorkspaceNetwork(
    string Bridge, string PortPrefix, IPAddress Gateway, IPNetwork Subnet, bool ReachesInternet, IReadOnlyList<NetworkLink> Links)
{
    /// <summary>Where the editor listens in each workspace.</summary>
    public const int EditorPort = 8080;

    /// <summary>Whether a workspace can have that address, so that the proxy may connect to it.</summary>
    public bool Admits(IPAddress address) => Subnet.Contains(address) && !address.Equals(Gateway);
}
