using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Runtime.Incus;
using Tidepool.Testing.StandIns;

namespace Tidepool.Runtime.Tests.Incus;

/// <summary>The adapter over a daemon that can misbehave.</summary>
internal sealed class IncusSeam : IAsyncDisposable
{
    public const string Pool = "the-pool";
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("tp-seam-");
    private readonly ServiceProvider services;

    public IncusSeam(TimeProvider time)
    {
        foreach (var file in new[] { "metadata.tar.xz", "rootfs.squashfs" })
        {
            File.WriteAllText(Path.Combine(directory.FullName, file), file);
        }

        Image = new RuntimeImage("default", "1234", directory.FullName);
        services = Another(time);
    }

    public StandInIncus Daemon { get; } = new();

    public IWorkspaceRuntime Runtime => services.GetRequiredService<IWorkspaceRuntime>();

    public RuntimeImage Image { get; }

    public InstanceSpec Spec() => new(InstanceName.Of(WorkspaceId.New(TimeProvider.System)), WorkspaceName.Parse("demo"), Image, 1, 512, new Dictionary<string, string>());

    /// <summary>An adapter that knows nothing yet.</summary>
    public ServiceProvider Another(TimeProvider time) =>
        new ServiceCollection().AddLogging().AddSingleton(time).AddIncusRuntime(options => (options.Socket, options.Pool) = (Daemon.Socket, Pool)).BuildServiceProvider();

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await Daemon.DisposeAsync();
        directory.Delete(recursive: true);
    }
}
