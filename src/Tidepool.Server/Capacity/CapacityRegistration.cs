using Tidepool.Core.Capacity;
using Tidepool.Core.Runtime;
using Tidepool.Host.Capacity;
using Tidepool.Host.State;

namespace Tidepool.Server.Capacity;

/// <summary>Registers the budget that this machine and the settings give.</summary>
internal static class CapacityRegistration
{
    public static IServiceCollection AddCapacity(this IServiceCollection services, IConfiguration settings, StateDirectory paths)
    {
        var options = settings.GetSection("Capacity").Get<CapacityOptions>() ?? new CapacityOptions();
        var runtime = RuntimeNames.InForce(settings["RuntimeInUse"], settings["Runtime"], OperatingSystem.IsMacOS());
        var pool = runtime == RuntimeNames.Incus ? settings.GetValue<int?>("Incus:PoolSizeGiB") : null;
        services.AddSingleton(CapacityBudget.Of(KernelResources.Read(), options, pool));
        services.AddSingleton(new StateDisk(paths.Root, Path.GetDirectoryName(paths.Database)!, options.DiskReserveMiB));
        return services;
    }
}
