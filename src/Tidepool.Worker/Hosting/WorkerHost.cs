using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Db;
using Tidepool.Host.State;

namespace Tidepool.Worker.Hosting;

/// <summary>Puts the worker together from the state directory it serves.</summary>
internal static class WorkerHost
{
    private const string Section = "Tidepool";

    /// <summary>Runs until it is asked to stop. 0 then; 2 when called wrongly; 3 when another worker serves the same directory.</summary>
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
        builder.Services.AddRuntime(builder.Configuration.GetSection(Section), paths, builder.Configuration.GetValue<uint?>("proxy-user"));
        using var host = builder.Build();

        // Before the database, which a compromised server can make deadly to this process.
        await host.Services.GetRequiredService<NewPassword>().TellAsync(CancellationToken.None);
        await host.Services.InitializeTidepoolDbAsync(CancellationToken.None);
        await host.RunAsync();
        return 0;
    }

    /// <summary>Does one thing and ends. 0 if it was done; 1 if not; 2 when called wrongly.</summary>
    public static async Task<int> RunOnceAsync(WorkerVerb verb, string[] args)
    {
        if (StateOf(args) is not { } paths)
        {
            return 2;
        }

        var builder = CreateBuilder(args, paths);
        verb.Register(builder.Services, builder.Configuration.GetSection(Section), paths);

        // What it prints is its answer, so what it logs goes elsewhere.
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        using var host = builder.Build();
        try
        {
            await verb.RunAsync(host.Services, builder.Configuration, CancellationToken.None);
            return 0;
        }
        catch (Exception fault) when (fault is RuntimeException or StoreException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return 1;
        }
    }

    private static HostApplicationBuilder CreateBuilder(string[] args, StateDirectory paths)
    {
        // Root runs this, in whatever directory the calling user is: no settings file in that directory counts.
        var builder = Microsoft.Extensions.Hosting.Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddJsonFile(paths.Settings, optional: true, reloadOnChange: false);
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton(TimeProvider.System);
        return builder;
    }

    private static StateDirectory? StateOf(string[] args)
    {
        var at = Array.IndexOf(args, "--state");
        if (at >= 0 && at + 1 < args.Length)
        {
            return new StateDirectory(args[at + 1]);
        }

        Console.Error.WriteLine("Say which state directory to serve: --state DIR.");
        return null;
    }
}
