using Tidepool.Caddy;
using Tidepool.Core.Accesses;
using Tidepool.Core.Capacity;
using Tidepool.Core.Jobs;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Logs;
using Tidepool.Core.Network;
using Tidepool.Core.Ports;
using Tidepool.Core.Routing;
using Tidepool.Core.Runtime;
using Tidepool.Db;
using Tidepool.Host.Capacity;
using Tidepool.Host.Images;
using Tidepool.Host.Logs;
using Tidepool.Host.Passwords;
using Tidepool.Host.Sockets;
using Tidepool.Host.State;
using Tidepool.Queue;
using Tidepool.Worker.Accesses;
using Tidepool.Worker.Health;
using Tidepool.Worker.Jobs;
using Tidepool.Worker.Logs;
using Tidepool.Worker.Network;
using Tidepool.Worker.Ports;
using Tidepool.Worker.Routing;

namespace Tidepool.Worker.Hosting;

/// <summary>Registers all that the worker does.</summary>
internal static class WorkerRegistration
{
    /// <summary>Needs a runtime, a network boundary and a <see cref="TimeProvider"/> besides.</summary>
    public static void AddWorker(this IServiceCollection services, IConfiguration configuration, StateDirectory paths)
    {
        services.AddSingleton(new LifecycleOptions());
        services.AddSingleton<IImageCatalog>(new ImageCatalog(paths.Images));
        services.AddSingleton<IWorkspaceLog>(s => new WorkspaceLogFiles(paths.WorkspaceLogs, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<WorkspaceLogFiles>>()));
        services.AddSingleton<IConsoleBookmarks>(new ConsoleBookmarks(paths.WorkspaceLogs));
        services.AddSingleton<ConsoleWatch>();
        services.AddNotification(NotificationNames.Jobs, paths.JobsNotification, listen: true, forGroup: true);
        services.AddNotification(NotificationNames.Changes, paths.ChangesNotification, listen: false);
        services.AddTidepoolDb(db => db.Path = paths.Database);
        services.AddEmbeddedQueue(_ => { });
        services.AddSingleton<IReadinessProbe, HttpReadinessProbe>();
        services.AddSingleton<BoundaryKeeper>();
        services.AddSingleton<RoutePublisher>();
        services.AddSingleton<Reconciler>();
        services.AddSingleton(new BackOff(Random.Shared.NextDouble));
        services.AddSingleton<JobRunner>();
        services.AddSingleton<OrphanMachines>();
        services.AddSingleton(Budget(configuration.GetSection("Tidepool")));
        services.AddSingleton<BudgetKeeper>();
        services.AddSingleton<Sweeper>();
        services.AddSingleton<IPortProbe, TcpPortProbe>();
        services.AddSingleton<PortWatch>();
        services.AddSingleton<IConnectionTable, KernelConnectionTable>();
        services.AddSingleton<AccessWatch>();
        services.AddSingleton<HealthReporter>();
        services.AddCaddyRoutes(caddy =>
        {
            caddy.AdminSocket = paths.CaddyAdminSocket;
            caddy.ServerSocket = paths.ServerSocket;
            caddy.ConfigFile = paths.CaddyConfig;
            caddy.ProxySecretFile = paths.ProxySecret;
            caddy.SessionKeyFile = paths.SessionKey;
            caddy.AccessLogFile = paths.CaddyAccessLog;
            caddy.Credentials = () =>
            {
                var owner = PasswordFile.Read(paths);
                return new CredentialOptions(owner.UserName, owner.PasswordHash);
            };
            configuration.GetSection("Tidepool").Bind(caddy);
            caddy.HostNames = [.. caddy.HostNames, .. MachineNames.Of(caddy.Listen)];
        });
        services.AddSingleton<NewPassword>();
        services.AddHostedService(provider => provider.GetRequiredService<NewPassword>());
        services.AddHostedService<RouteLoop>();
        services.AddHostedService<BoundaryLoop>();
        services.AddHostedService<RuntimeLoop>();
        services.AddHostedService<SweepLoop>();
        services.AddHostedService<PortLoop>();
        services.AddHostedService<AccessLoop>();
        services.AddHostedService<ConsoleLoop>();
        services.AddHostedService<JobLoop>();
    }

    /// <summary>The same that the server admits by.</summary>
    private static CapacityBudget Budget(IConfiguration settings) => CapacityBudget.Of(
        KernelResources.Read(),
        settings.GetSection("Capacity").Get<CapacityOptions>() ?? new CapacityOptions(),
        settings.GetValue<int?>($"{settings["RuntimeInUse"]}:PoolSizeGiB"));
}
