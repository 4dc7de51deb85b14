using Tidepool.Caddy;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Host.State;
using Tidepool.Runtime.Boundary;
using Tidepool.Runtime.Incus;
using Tidepool.Runtime.Qemu;
using Tidepool.Runtime.Tart;
using Tidepool.Worker.Network;

namespace Tidepool.Worker.Hosting;

/// <summary>Registers the runtime that the settings name, and the network boundary that goes with it.</summary>
internal static class RuntimeRegistration
{
    /// <summary>The runtime's name in the settings.</summary>
    public static string NameOf(IConfiguration settings) =>
        RuntimeNames.InForce(settings["RuntimeInUse"], settings["Runtime"], OperatingSystem.IsMacOS());

    /// <param name="services">Where to.</param>
    /// <param name="settings">The section that names it.</param>
    /// <param name="paths">The state directory.</param>
    /// <param name="proxyUser">The user that Caddy runs as; null where it is root.</param>
    public static void AddRuntime(this IServiceCollection services, IConfiguration settings, StateDirectory paths, uint? proxyUser = null)
    {
        var workspacePort = settings.GetValue(nameof(CaddyOptions.WorkspacePort), new CaddyOptions().WorkspacePort);
        switch (NameOf(settings))
        {
            case RuntimeNames.Qemu:
                services.AddQemu(settings, paths);
                services.AddNetworkBoundary(proxyUser, workspacePort);
                break;
            case RuntimeNames.Tart:
                services.AddTartRuntime(tart =>
                {
                    tart.Notes = paths.Tart;
                    settings.GetSection("Tart").Bind(tart);
                });
                services.AddSingleton<INetworkBoundary, NoBoundary>();
                break;
            default:
                services.AddIncusRuntime(settings.GetSection("Incus").Bind);
                services.AddNetworkBoundary(proxyUser, workspacePort);
                break;
        }
    }

    /// <summary>The QEMU runtime whatever the settings name: also for a caller that only asks how it would run machines.</summary>
    public static void AddQemu(this IServiceCollection services, IConfiguration settings, StateDirectory paths) =>
        services.AddQemuRuntime(qemu =>
        {
            qemu.Directory = paths.Qemu;
            settings.GetSection("Qemu").Bind(qemu);
        });
}
