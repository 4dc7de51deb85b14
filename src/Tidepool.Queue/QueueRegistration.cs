using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Tidepool.Core.Jobs;
using Tidepool.Queue.Doorbells;
using Tidepool.Queue.Embedded;

namespace Tidepool.Queue;

/// <summary>Registers job queues and doorbells.</summary>
public static class QueueRegistration
{
    /// <summary>
    /// Adds an <see cref="IJobQueue"/> that hands out of the <see cref="IJobTable"/>. Its consumers are woken by the doorbell
    /// <see cref="DoorbellNames.Jobs"/>; where none is registered, by one that works within this process.
    /// </summary>
    public static IServiceCollection AddEmbeddedQueue(this IServiceCollection services, Action<QueueOptions>? configure = null)
    {
        services.AddOptions<QueueOptions>().Configure(configure ?? (static _ => { })).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<QueueOptions>, QueueOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddKeyedSingleton<IDoorbell, InMemoryDoorbell>(DoorbellNames.Jobs);
        services.TryAddSingleton<IJobQueue, EmbeddedQueue>();
        return services;
    }

    /// <summary>
    /// Adds a doorbell between processes, an <see cref="IDoorbell"/> under the key <paramref name="name"/>. Of all processes that
    /// share <paramref name="path"/> one listens, the others ring. The folder of the path has to exist.
    /// </summary>
    /// <exception cref="ArgumentException">The path is too long for a socket; take a shorter one.</exception>
    public static IServiceCollection AddDoorbell(this IServiceCollection services, string name, string path, bool listen)
    {
        SocketPath.Check(path);
        services.TryAddSingleton(TimeProvider.System);
        services.RemoveAllKeyed<IDoorbell>(name);
        return services.AddKeyedSingleton<IDoorbell>(
            name,
            (provider, _) => listen
                ? new UnixDoorbell(path, provider.GetRequiredService<TimeProvider>())
                : new UnixDoorbellButton(path));
    }

    /// <summary>Adds a doorbell within this process, for tests and for a process that is all of Tidepool.</summary>
    public static IServiceCollection AddInMemoryDoorbell(this IServiceCollection services, string name)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.RemoveAllKeyed<IDoorbell>(name);
        return services.AddKeyedSingleton<IDoorbell, InMemoryDoorbell>(name);
    }
}
