using Tidepool.Core.Lifecycle;
using Tidepool.Core.Runtime;
using Tidepool.Core.State;
using Tidepool.Db;
using Tidepool.Runtime.Boundary;
using Tidepool.Runtime.Incus;

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
        builder.Services.AddWorker(builder.Configuration, paths);
        builder.Services.AddNetworkBoundary();
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
