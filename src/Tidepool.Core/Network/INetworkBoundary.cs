using System.Net;
using Tidepool.Core.Runtime;

namespace Tidepool.Core.Network;

/// <summary>What may pass to and from the workspaces: nothing but this.</summary>
/// <param name="Network">The bridge and who is on it.</param>
/// <param name="Opened">Where the host may connect beside every editor: the registered ports.</param>
public sealed record NetworkRules(WorkspaceNetwork Network, IReadOnlyList<IPEndPoint> Opened);

/// <summary>The wall around the workspaces. Level-triggered: it is given all that is to hold, and applies the difference.</summary>
public interface INetworkBoundary
{
    /// <summary>
    /// Makes exactly these rules hold, in one step: there is no moment without a wall. Puts them back where somebody removed them.
    /// Returns whether anything had to change. What others drop that is to pass is looked at by the call after one that changed the rules.
    /// </summary>
    /// <exception cref="RuntimeException">The host's firewall refused; <see cref="RuntimeFaults.BoundaryDown"/>, try again.</exception>
    Task<bool> ApplyAsync(NetworkRules rules, CancellationToken cancellationToken);

    /// <summary>How many changes of the host's firewall, this process's included, were heard of.</summary>
    long Changes { get; }

    /// <summary>Completes once <see cref="Changes"/> is no longer <paramref name="since"/>; never throws but when cancelled.</summary>
    Task ChangedAsync(long since, CancellationToken cancellationToken);
}
