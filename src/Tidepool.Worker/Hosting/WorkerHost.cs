using Tidepool.Caddy;
using Tidepool.Core.Accesses;
using Tidepool.Core.Capacity;
using Tidepool.Core.Images;
using Tidepool.Core.Jobs;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Logs;
using Tidepool.Core.Network;
using Tidepool.Core.Ports;
using Tidepool.Core.Routing;
using Tidepool.Core.Runtime;
using Tidepool.Core.State;
using Tidepool.Db;
using Tidepool.Queue;
using Tidepool.Runtime.Boundary;
using Tidepool.Runtime.Incus;
using Tidepool.Worker.Accesses;
using Tidepool.Worker.Health;
using Tidepool.Worker.Jobs;
using Tidepool.Worker.Logs;
using Tidepool.Worker.Network;
using Tidepool.Worker.Ports;
using Tidepool.Worker.Routing;

namespace Tidepool.Worker.Hosting;

/// <summary>Puts the worker together from the state directory it serves.</summary>
internal static class WorkerHost
{
    /// <summary>Runs until it is told to stop. 0 then; 2 when called wrongly; 3 when another worker serves the same directory.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (StateOf(args) is not { } paths)
        {
            return 2;
        }

        Directory.CreateDirectory(paths.Run);
        using var only = SingleWorker.TryEnter(Path.Combine(paths.Run, "worker.lock"));
        if (only is null)
        {
            await Console.Error.WriteLineAsync($"Another worker already serves {paths.Root}.");
            return 3;
        }

        var builder = CreateBuilder(args, paths);
        var services = builder.Services;
        services.AddSingleton(new LifecycleOptions());
        services.AddSingleton<IImageCatalog>(new ImageCatalog(paths.Images));
        services.AddSingleton<IWorkspaceLog>(s => new WorkspaceLogFiles(paths.WorkspaceLogs, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<WorkspaceLogFiles>>()));
        services.AddSingleton(new ConsoleBookmarks(paths.WorkspaceLogs));
        services.AddSingleton<ConsoleWatch>();
        services.AddDoorbell(DoorbellNames.Jobs, paths.JobsBell, listen: true);
        services.AddDoorbell(DoorbellNames.Changes, paths.ChangesBell, listen: false);
        services.AddTidepoolDb(db => db.Path = paths.Database);
        services.AddEmbeddedQueue(_ => { });
        services.AddNetworkBoundary();
        services.AddSingleton<IReadinessProbe, HttpReadinessProbe>();
        services.AddSingleton<BoundaryKeeper>();
        services.AddSingleton<RoutePublisher>();
        services.AddSingleton<Reconciler>();
        services.AddSingleton(new BackOff(Random.Shared.NextDouble));
        services.AddSingleton<JobRunner>();
        services.AddSingleton<StrayMachines>();
        services.AddSingleton(CapacityBudget.Of(
            HostResources.Read(),
            builder.Configuration.GetSection("Tidepool:Capacity").Get<CapacityOptions>() ?? new CapacityOptions(),
            builder.Configuration.GetValue<int?>("Tidepool:Incus:PoolSizeGiB")));
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
            caddy.OpenGateSocket = paths.OpenGateSocket;
            caddy.SessionTokenFile = paths.SessionToken;
            caddy.AccessLogFile = paths.CaddyAccessLog;
            caddy.Credentials = () => OwnerCredentials.Read(paths.Auth);
            builder.Configuration.GetSection("Tidepool").Bind(caddy);
        });
        services.AddHostedService<NewPassword>();
        services.AddHostedService<RouteLoop>();
        services.AddHostedService<BoundaryLoop>();
        services.AddHostedService<RuntimeLoop>();
        services.AddHostedService<SweepLoop>();
        services.AddHostedService<PortLoop>();
        services.AddHostedService<AccessLoop>();
        services.AddHostedService<ConsoleLoop>();
        services.AddHostedService<JobLoop>();

        using var host = builder.Build();
        await host.Services.InitializeTidepoolDbAsync(CancellationToken.None);
        await host.RunAsync();
        return 0;
    }

    /// <summary>Does one thing to the whole runtime and ends: <c>halt</c> or <c>purge</c>.</summary>
    public static async Task<int> RunOnceAsync(string verb, string[] args)
    {
        if (StateOf(args) is not { } paths)
        {
            return 2;
        }

        using var host = CreateBuilder(args, paths).Build();
        var runtime = host.Services.GetRequiredService<IWorkspaceRuntime>();
        try
        {
            await (verb == "halt" ? runtime.HaltAsync(new LifecycleOptions().StopGrace, CancellationToken.None) : runtime.PurgeAsync(CancellationToken.None));
            return 0;
        }
        catch (RuntimeException fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return 1;
        }
    }

    private static HostApplicationBuilder CreateBuilder(string[] args, StatePaths paths)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.Configuration.AddJsonFile(paths.Settings, optional: true, reloadOnChange: false);
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton(TimeProvider.System);
        var incus = builder.Configuration.GetSection("Tidepool:Incus");
        builder.Services.AddIncusRuntime(incus.Bind);
        return builder;
    }

    private static StatePaths? StateOf(string[] args)
    {
        var at = Array.IndexOf(args, "--state");
        if (at >= 0 && at + 1 < args.Length)
        {
            return new StatePaths(args[at + 1]);
        }

        Console.Error.WriteLine("Say which state directory to serve: --state DIR.");
        return null;
    }
}
