using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Jobs;

namespace Tidepool.Db.Tests;

/// <summary>A database file in a folder of its own, and the services of as many processes as a test wants to open it with.</summary>
internal sealed class TestDatabase(TimeProvider time) : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tidepool-db-");
    private readonly List<ServiceProvider> processes = [];

    public string Path => System.IO.Path.Combine(folder.FullName, "tidepool.db");

    public CountingDoorbell Jobs { get; } = new();

    public CountingDoorbell Changes { get; } = new();

    public ServiceProvider AddProcess(Action<DbOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(time);
        services.AddKeyedSingleton<IDoorbell>(DoorbellNames.Jobs, Jobs);
        services.AddKeyedSingleton<IDoorbell>(DoorbellNames.Changes, Changes);
        services.AddTidepoolDb(options =>
        {
            options.Path = Path;

            // A busy machine may make many writers of several processes wait long for each other.
            options.BusyTimeout = TimeSpan.FromSeconds(30);
            configure?.Invoke(options);
        });
        var process = services.BuildServiceProvider(validateScopes: true);
        processes.Add(process);
        return process;
    }

    public async Task<ServiceProvider> StartProcessAsync()
    {
        var process = AddProcess();
        await process.InitializeTidepoolDbAsync();
        return process;
    }

    public async Task StopProcessesAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        processes.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await StopProcessesAsync();
        folder.Delete(recursive: true);
    }
}

/// <summary>Counts its rings.</summary>
internal sealed class CountingDoorbell : IDoorbell
{
    private int rings;

    public int Rings => rings;

    public void Ring() => Interlocked.Increment(ref rings);

    public Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => throw new NotSupportedException();
}
