using Tidepool.Caddy;
using Tidepool.Core.Network;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Runtime;
using Tidepool.Runtime.Boundary;
using Tidepool.Worker.Network;

namespace Tidepool.Worker.Hosting;

/// <summary>Registers the runtime that the settings name, and the network boundary that goes with it.</summary>
internal static class RuntimeRegistration
{
    /// <param name="services">Where to.</param>
    /// <param name="settings">The section that names it.</param>
    /// <param name="paths">The state directory.</param>
    /// <param name="proxyUser">The user that Caddy runs as; null where it is root.</param>
    public static void AddRuntime(this IServiceCollection services, IConfiguration settings, StateDirectory paths, uint? proxyUser = null) =>
        services.AddRuntime(RuntimesRegistration.Runtimes.InForce(settings["RuntimeInUse"], settings["Runtime"]), settings, paths, proxyUser);

    internal static void AddRuntime(this IServiceCollection services, RuntimeDescriptor runtime, IConfiguration settings, StateDirectory paths, uint? proxyUser)
    {
        runtime.AddServices(services, paths, (section, options) => settings.GetSection(section).Bind(options));
        if (runtime.HasBridge)
        {
            services.AddNetworkBoundary(proxyUser, settings.GetValue(nameof(CaddyOptions.WorkspacePort), new CaddyOptions().WorkspacePort));
        }
        else
        {
            services.AddSingleton<INetworkBoundary, NoBoundary>();
        }
    }
}
