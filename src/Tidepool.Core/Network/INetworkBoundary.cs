using System.Net;
using Tidepool.Core.Runtime;

namespace Tidepool.Core.Network;

/// <summary>What may pass to and from the workspaces: nothing but this.</summary>
/// <param name="Network">The bridge and the machines on it.</param>
/// <param name="Opened">Where the host may connect beside every editor: the registered ports.</param>
public sealed record NetworkRules(WorkspaceNetwork Network, IReadOnlyList<IPEndPoint> Opened);

/// <summary>The network boundary around the workspaces. Level-triggered: it is given all rules that are to hold, and applies the difference.</summary>
public interface INetworkBoundary
{
    /// <summary>
    /// Makes exactly these rules hold, in one step: there is no moment without rules. Puts removed rules back. Returns whether
    /// anything had to change. The call after one that changed the rules checks what other tables drop that is to pass.
    /// </summary>
    /// <exception cref="RuntimeException">The host's firewall refused; <see cref="RuntimeFaults.BoundaryDown"/>, try again.</exception>
    Task<bool> ApplyAsync(NetworkRules rules, CancellationToken cancellationToken);

    /// <summary>How many changes of the host's firewall, this process's included, the kernel reported.</summary>
    long Changes { get; }

    /// <summary>Completes once <see cref="Changes"/> is no longer <paramref name="since"/>; never throws but when cancelled.</summary>
    Task ChangedAsync(long since, CancellationToken cancellationToken);
}
