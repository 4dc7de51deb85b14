using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Incus;

/// <summary>Registers the Incus runtime.</summary>
public static class IncusRegistration
{
    /// <summary>Workspaces in Incus: virtual machines where it can run them, else containers.</summary>
    public static IServiceCollection AddIncusRuntime(this IServiceCollection services, Action<IncusOptions> configure)
    {
        services.AddOptions<IncusOptions>().Configure(configure)
            .Validate(o => o.Network.Length is > 0 and <= 15, "Incus:Network is a bridge's name: 1 to 15 characters.")
            .Validate(o => o.Project.Length > 0 && o.Pool.Length > 0, "Incus:Project and Incus:Pool need a name.")
            .Validate(o => o.DiskGiB > 0 && o.PoolSizeGiB is null or > 0, "Incus:DiskGiB and Incus:PoolSizeGiB are sizes above zero.");
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IncusClient>();
        services.AddSingleton<IncusHost>();
        services.AddSingleton<IncusLinks>();
        services.AddSingleton<IncusImages>();
        services.AddSingleton<IncusConsoles>();
        services.AddSingleton<LeftoverLink>();
        services.AddSingleton<ProcessBudget>();
        services.AddSingleton<IWorkspaceRuntime, IncusRuntime>();
        return services;
    }
}
