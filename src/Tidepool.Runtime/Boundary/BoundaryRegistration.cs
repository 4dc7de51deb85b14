using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Network;

namespace Tidepool.Runtime.Boundary;

/// <summary>Registers the network boundary.</summary>
public static class BoundaryRegistration
{
    /// <summary>The network boundary around the workspaces, in nftables.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="proxyUser">The user that the proxy runs as; null where it is root.</param>
    /// <param name="workspacePort">Where the proxy takes sessions.</param>
    public static IServiceCollection AddNetworkBoundary(this IServiceCollection services, uint? proxyUser, int workspacePort)
    {
        services.AddSingleton<FirewallWatch>();
        services.AddSingleton<INetworkBoundary>(s => new NftablesBoundary(s.GetRequiredService<FirewallWatch>(), proxyUser, workspacePort, s.GetRequiredService<TimeProvider>()));
        return services;
    }
}
