using Tidepool.Core.Capacity;
using Tidepool.Host.Capacity;
using Tidepool.Host.State;

namespace Tidepool.Server.Capacity;

/// <summary>Registers the budget that this machine and the settings give.</summary>
internal static class CapacityRegistration
{
    public static IServiceCollection AddCapacity(this IServiceCollection services, IConfiguration settings, StateDirectory paths)
    {
        var options = settings.GetSection("Capacity").Get<CapacityOptions>() ?? new CapacityOptions();
        // The section of a runtime bears its name. Only a runtime that keeps all workspaces' disks in one pool has this key.
        var pool = settings.GetValue<int?>($"{settings["RuntimeInUse"]}:PoolSizeGiB");
        services.AddSingleton(CapacityBudget.Of(KernelResources.Read(), options, pool));
        services.AddSingleton(new StateDisk(paths.Root, Path.GetDirectoryName(paths.Database)!, options.DiskReserveMiB));
        return services;
    }
}
