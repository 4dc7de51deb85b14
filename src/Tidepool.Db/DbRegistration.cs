using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Tidepool.Core.Health;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;
using Tidepool.Db.Activities;
using Tidepool.Db.Changes;
using Tidepool.Db.Health;
using Tidepool.Db.Jobs;
using Tidepool.Db.Leases;
using Tidepool.Db.Schema;
using Tidepool.Db.Sqlite;
using Tidepool.Db.Workspaces;

namespace Tidepool.Db;

/// <summary>Registers the stores.</summary>
public static class DbRegistration
{
    private const int ContextsKept = 16;

    /// <summary>
    /// Adds <see cref="IWorkspaceStore"/>, <see cref="ILeaseStore"/>, <see cref="IChangeStore"/>, <see cref="IActivityStore"/>,
    /// <see cref="IJobTable"/> and <see cref="IHealthBoard"/>. Notifications that are registered under <see cref="NotificationNames"/> are
    /// sent after the commits they stand for. Call <see cref="InitializeTidepoolDbAsync"/> before the first use.
    /// </summary>
    public static IServiceCollection AddTidepoolDb(this IServiceCollection services, Action<DbOptions> configure)
    {
        services.AddOptions<DbOptions>().Configure(configure).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<DbOptions>, DbOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IDatabaseEngine, SqliteEngine>();
        services.AddPooledDbContextFactory<TidepoolDbContext>(
            (provider, builder) => provider.GetRequiredService<IDatabaseEngine>().Configure(builder),
            ContextsKept);
        services.TryAddSingleton<Database>();
        services.TryAddSingleton<DatabaseInitializer>();
        services.TryAddSingleton<CommitNotifications>();
        services.TryAddSingleton<IWorkspaceStore, WorkspaceStore>();
        services.TryAddSingleton<ILeaseStore, LeaseStore>();
        services.TryAddSingleton<IChangeStore, ChangeStore>();
        services.TryAddSingleton<IActivityStore, ActivityStore>();
        services.TryAddSingleton<IJobTable, JobTable>();
        services.TryAddSingleton<IHealthBoard, HealthBoard>();
        return services;
    }

    /// <summary>Makes the database's file and tables where they are missing. Several processes may do so at the same moment.</summary>
    /// <exception cref="StoreException">The file cannot be opened or made.</exception>
    public static Task InitializeTidepoolDbAsync(this IServiceProvider services, CancellationToken cancellationToken = default) =>
        services.GetRequiredService<DatabaseInitializer>().InitializeAsync(cancellationToken);
}
