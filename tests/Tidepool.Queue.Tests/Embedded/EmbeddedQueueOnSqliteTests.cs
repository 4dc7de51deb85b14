using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Jobs;
using Tidepool.Db;

namespace Tidepool.Queue.Tests.Embedded;

/// <summary>Over a real database file. Each consumer is a process that listens at a notification of its own.</summary>
public sealed class EmbeddedQueueOnSqliteTests : EmbeddedQueueContract
{
    private const string FirstSocket = "0.bell";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tidepool-queue-");
    private readonly List<ServiceProvider> processes = [];

    [Fact]
    public async Task A_consumer_that_waits_is_woken_by_another_process()
    {
        var waiting = Queue.ReceiveAsync(1, Visibility, TimeSpan.FromHours(1), default);
        var server = await StartProcessAsync(FirstSocket, listen: false);

        await server.GetRequiredService<IJobTable>().AddAsync(NewJob(), Time.GetUtcNow(), default);

        Assert.Single(await waiting.InTime());
    }

    [Fact]
    public async Task Jobs_are_there_after_a_restart()
    {
        var job = NewJob();
        await Queue.SendAsync(job, TimeSpan.Zero, default);
        await StopProcessesAsync();

        var restarted = await AddConsumerAsync();

        Assert.Equal(job, Assert.Single(await ReceiveAsync(restarted)).Job);
    }

    protected override async Task<IJobQueue> AddConsumerAsync() =>
        (await StartProcessAsync($"{processes.Count}.bell", listen: true)).GetRequiredService<IJobQueue>();

    protected override async ValueTask CleanUpAsync()
    {
        await StopProcessesAsync();
        folder.Delete(recursive: true);
    }

    private async Task<ServiceProvider> StartProcessAsync(string socket, bool listen)
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Time);
        services.AddTidepoolDb(options =>
        {
            options.Path = Path.Combine(folder.FullName, "tidepool.db");
            options.BusyTimeout = TimeSpan.FromSeconds(30);
        });
        services.AddNotification(NotificationNames.Jobs, Path.Combine(folder.FullName, socket), listen);
        services.AddEmbeddedQueue(options => options.MaxAttempts = MaxAttempts);
        var process = services.BuildServiceProvider(validateScopes: true);
        processes.Add(process);
        await process.InitializeTidepoolDbAsync();
        return process;
    }

    private async Task StopProcessesAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        processes.Clear();
    }
}
