using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Jobs;

namespace Tidepool.Db.Tests;

/// <summary>A database file in a folder of its own, and the services of as many processes as a test wants to open it with.</summary>
internal sealed class TestDatabase(TimeProvider time) : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tidepool-db-");
    private readonly List<ServiceProvider> processes = [];

    public string Path => System.IO.Path.Combine(folder.FullName, "tidepool.db");

    public CountingNotification Jobs { get; } = new();

    public CountingNotification Changes { get; } = new();

    public ServiceProvider AddProcess(Action<DbOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddSingleton(time);
        services.AddKeyedSingleton<INotification>(NotificationNames.Jobs, Jobs);
        services.AddKeyedSingleton<INotification>(NotificationNames.Changes, Changes);
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

/// <summary>Counts what is sent.</summary>
internal sealed class CountingNotification : INotification
{
    private int count;

    public int Count => count;

    public void Notify() => Interlocked.Increment(ref count);

    public Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => throw new NotSupportedException();
}
