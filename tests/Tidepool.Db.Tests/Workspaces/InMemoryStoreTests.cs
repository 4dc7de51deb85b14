using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;
using Tidepool.Testing;

namespace Tidepool.Db.Tests.Workspaces;

/// <summary>What the model of the lifecycle runs over does what the real store does.</summary>
public sealed class InMemoryStoreTests : WorkspaceStoreContract
{
    private readonly CountingNotification jobsNotification = new();
    private readonly CountingNotification changesNotification = new();
    private readonly InMemoryJobTable jobs = new();
    private readonly InMemoryStore store;

    public InMemoryStoreTests() => store = new InMemoryStore(jobs, Time, jobsNotification, changesNotification);

    protected override Task<IServiceProvider> StartProcessAsync() =>
        Task.FromResult<IServiceProvider>(
            new ServiceCollection()
                .AddSingleton<IWorkspaceStore>(store)
                .AddSingleton<ILeaseStore>(store)
                .AddSingleton<IChangeStore>(store)
                .AddSingleton<IActivityStore>(store)
                .AddSingleton<IJobTable>(jobs)
                .BuildServiceProvider());

    protected override Task StopProcessesAsync() => Task.CompletedTask;

    protected override (int Jobs, int Changes) CountNotifications() => (jobsNotification.Count, changesNotification.Count);

    protected override ValueTask CleanUpAsync() => ValueTask.CompletedTask;
}
