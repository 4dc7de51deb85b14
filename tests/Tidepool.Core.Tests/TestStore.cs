using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;
using Tidepool.Db;
using Tidepool.Queue;

namespace Tidepool.Core.Tests;

/// <summary>A real database in a directory of its own, with the embedded queue over it.</summary>
internal sealed class TestStore : IDisposable
{
    private readonly string directory;
    private readonly ServiceProvider services;

    private TestStore(string directory, ServiceProvider services) => (this.directory, this.services) = (directory, services);

    public ILeaseStore Leases => services.GetRequiredService<ILeaseStore>();

    public IActivityStore Activities => services.GetRequiredService<IActivityStore>();

    public IWorkspaceStore Store => services.GetRequiredService<IWorkspaceStore>();

    public IJobQueue Queue => services.GetRequiredService<IJobQueue>();

    public static async Task<TestStore> OpenAsync(TimeProvider? time = null)
    {
        var directory = Directory.CreateTempSubdirectory("tidepool-core-").FullName;
        var collection = new ServiceCollection();
        collection.AddLogging();
        collection.AddSingleton(time ?? TimeProvider.System);
        collection.AddTidepoolDb(db => db.Path = Path.Combine(directory, "tidepool.db"));
        collection.AddEmbeddedQueue(_ => { });
        var services = collection.BuildServiceProvider();
        await services.InitializeTidepoolDbAsync(CancellationToken.None);
        return new TestStore(directory, services);
    }

    public void Dispose()
    {
        services.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
