using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Network;

namespace Tidepool.Runtime.Boundary;

/// <summary>Registers the network boundary.</summary>
public static class BoundaryRegistration
{
    /// <summary>The wall around the workspaces, in nftables.</summary>
    public static IServiceCollection AddNetworkBoundary(this IServiceCollection services)
    {
        services.AddSingleton<FirewallWatch>();
        services.AddSingleton<INetworkBoundary, NftablesBoundary>();
        return services;
    }
}
