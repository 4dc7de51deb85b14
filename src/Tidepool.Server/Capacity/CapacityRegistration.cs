using Microsoft.Extensions.Options;
using Tidepool.Core.Capacity;

namespace Tidepool.Server.Capacity;

/// <summary>Registers the budget that this machine and the settings give.</summary>
internal static class CapacityRegistration
{
    private const string Section = "Tidepool:Capacity";
    private const string PoolSize = "Tidepool:Incus:PoolSizeGiB";

    public static IServiceCollection AddCapacity(this IServiceCollection services, IConfiguration configuration, string stateDirectory)
    {
        services.AddOptions<CapacityOptions>().BindConfiguration(Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider =>
            CapacityBudget.Of(HostResources.Read(), provider.GetRequiredService<IOptions<CapacityOptions>>().Value, configuration.GetValue<int?>(PoolSize)));
        services.AddSingleton(provider => new StateDisk(stateDirectory, provider.GetRequiredService<IOptions<CapacityOptions>>().Value.DiskReserveMiB));
        return services;
    }
}
