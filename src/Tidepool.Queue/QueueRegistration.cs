using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Tidepool.Core.Jobs;
using Tidepool.Host.Sockets;
using Tidepool.Queue.Notifications;
using Tidepool.Queue.Embedded;

namespace Tidepool.Queue;

/// <summary>Registers job queues and notifications.</summary>
public static class QueueRegistration
{
    /// <summary>
    /// Adds an <see cref="IJobQueue"/> that hands out of the <see cref="IJobTable"/>. Its consumers are woken by the notification
    /// <see cref="NotificationNames.Jobs"/>; if none is registered, by a notification within this process.
    /// </summary>
    public static IServiceCollection AddEmbeddedQueue(this IServiceCollection services, Action<QueueOptions>? configure = null)
    {
        services.AddOptions<QueueOptions>().Configure(configure ?? (static _ => { })).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<QueueOptions>, QueueOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddKeyedSingleton<INotification, InMemoryNotification>(NotificationNames.Jobs);
        services.TryAddSingleton<IJobQueue, EmbeddedQueue>();
        return services;
    }

    /// <summary>
    /// Adds a notification between processes, an <see cref="INotification"/> under the key <paramref name="name"/>. Of all processes that
    /// share <paramref name="path"/> one listens, the others send. The folder of the path has to exist.
    /// </summary>
    /// <param name="services">Where to.</param>
    /// <param name="name">The key.</param>
    /// <param name="path">The socket's.</param>
    /// <param name="listen">Whether this process listens.</param>
    /// <param name="forGroup">Whether the directory's group may send besides the owner.</param>
    /// <exception cref="ArgumentException">The path is too long for a socket; take a shorter one.</exception>
    public static IServiceCollection AddNotification(this IServiceCollection services, string name, string path, bool listen, bool forGroup = false)
    {
        if (SocketPath.WhyNot(path) is { } why)
        {
            throw new ArgumentException($"{why} Keep the state in a directory with a shorter path.", nameof(path));
        }

        services.TryAddSingleton(TimeProvider.System);
        services.RemoveAllKeyed<INotification>(name);
        return services.AddKeyedSingleton<INotification>(
            name,
            (provider, _) => listen
                ? new UnixNotification(path, forGroup, provider.GetRequiredService<TimeProvider>())
                : new UnixNotificationSender(path));
    }

    /// <summary>Adds a notification within this process, for tests and for a process that is all of Tidepool.</summary>
    public static IServiceCollection AddInMemoryNotification(this IServiceCollection services, string name)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.RemoveAllKeyed<INotification>(name);
        return services.AddKeyedSingleton<INotification, InMemoryNotification>(name);
    }
}
