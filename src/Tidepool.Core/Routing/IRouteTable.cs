using System.Net;
using Tidepool.Core.Ports;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Routing;

/// <summary>Where requests for one workspace go: its editor, and each of its registered ports.</summary>
public sealed record WorkspaceRoute(WorkspaceName Name, IPAddress Address, IReadOnlyList<PortRoute> Ports)
{
    public bool Equals(WorkspaceRoute? other) =>
        other is not null && Name == other.Name && Address.Equals(other.Address) && Ports.SequenceEqual(other.Ports);

    public override int GetHashCode() => HashCode.Combine(Name, Address, Ports.Count);
}

/// <summary>Where requests for one registered port go, and whether with or without the path that led there.</summary>
public sealed record PortRoute(PortNumber Port, bool StripPrefix);

/// <summary>The reverse proxy's routes to workspaces. Level-triggered: it is given all that is wanted, and applies the difference.</summary>
public interface IRouteTable
{
    /// <summary>
    /// Makes the proxy serve exactly these workspaces. Does nothing where it already does; a difference of any size is one reload.
    /// Puts everything back after a restart of the proxy. Returns whether anything had to change.
    /// </summary>
    /// <exception cref="RouteTableException">The proxy cannot be reached or refused the change; try again.</exception>
    Task<bool> ApplyAsync(IReadOnlyList<WorkspaceRoute> wanted, CancellationToken cancellationToken);

    /// <summary>
    /// Brings everything but the routes up to date, the owner's password above all; the routes stay as last applied. This
    /// needs no database, so a new password does not wait for one. Returns whether anything had to change.
    /// </summary>
    /// <exception cref="RouteTableException">The proxy cannot be reached or refused the change; try again.</exception>
    Task<bool> RefreshAsync(CancellationToken cancellationToken);
}

/// <summary>The one exception a route table throws; trying again can help.</summary>
public sealed class RouteTableException(string message, Exception? inner = null) : Exception(message, inner);
