using Tidepool.Core.Lifecycle;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Db;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;
using Tidepool.Runtime;

namespace Tidepool.Worker.Hosting;

/// <summary>What the command line asks of the worker's program besides working: one thing, and an end.</summary>
internal static class WorkerVerbs
{
    public static readonly IReadOnlyDictionary<string, WorkerVerb> All = new Dictionary<string, WorkerVerb>
    {
        ["halt"] = new((services, settings, paths) => services.AddRuntime(settings, paths), HaltAsync),
        ["purge"] = new((services, settings, paths) => services.AddRuntime(settings, paths), PurgeAsync),
        ["kvm"] = new((services, settings, paths) => services.AddRuntime(Trial, settings, paths, proxyUser: null), ProbeKvmAsync),
        ["workspaces"] = new((services, _, paths) => services.AddTidepoolDb(db => db.Path = paths.Database), ListAsync),
    };

    /// <summary>The runtime that can try KVM.</summary>
    private static RuntimeDescriptor Trial => RuntimesRegistration.Runtimes.All.First(runtime => runtime.CanTryKvm);

    /// <summary>Ends all machines, because the host goes down.</summary>
    private static Task HaltAsync(IServiceProvider services, IConfiguration asked, CancellationToken cancellationToken) =>
        services.GetRequiredService<IWorkspaceRuntime>().HaltAsync(new LifecycleOptions().StopGrace, cancellationToken);

    /// <summary>Destroys all that is ours in the runtime.</summary>
    private static Task PurgeAsync(IServiceProvider services, IConfiguration asked, CancellationToken cancellationToken) =>
        services.GetRequiredService<IWorkspaceRuntime>().PurgeAsync(cancellationToken);

    /// <summary>Prints <c>works</c> or <c>fails</c>: whether the kernel of the build in <c>--image</c> comes up with KVM.</summary>
    private static async Task ProbeKvmAsync(IServiceProvider services, IConfiguration asked, CancellationToken cancellationToken)
    {
        var image = asked["image"] ?? throw new InvalidOperationException("Say whose kernel to boot: --image DIR.");
        await Console.Out.WriteLineAsync(await Trial.TryKvmAsync(services, image, cancellationToken) ? "works" : "fails");
    }

    /// <summary>Prints the name of each workspace that the database has.</summary>
    private static async Task ListAsync(IServiceProvider services, IConfiguration asked, CancellationToken cancellationToken)
    {
        await services.InitializeTidepoolDbAsync(cancellationToken);
        foreach (var workspace in await services.GetRequiredService<IWorkspaceStore>().ListAllAsync(cancellationToken))
        {
            await Console.Out.WriteLineAsync(workspace.Name.Value);
        }
    }
}

/// <summary>One thing to do, and what has to be registered for it.</summary>
internal sealed record WorkerVerb(
    Action<IServiceCollection, IConfiguration, StateDirectory> Register,
    Func<IServiceProvider, IConfiguration, CancellationToken, Task> RunAsync);
