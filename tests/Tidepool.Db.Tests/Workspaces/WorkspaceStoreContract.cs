using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Tests.Workspaces;

/// <summary>What the stores do, whatever keeps them. A process is a set of services of its own over the one database of the test.</summary>
public abstract partial class WorkspaceStoreContract : IAsyncLifetime
{
    private const int NoLimit = 1000;
    private static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(30);

    private IServiceProvider process = null!;

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private IWorkspaceStore Store => process.GetRequiredService<IWorkspaceStore>();

    private ILeaseStore Leases => process.GetRequiredService<ILeaseStore>();

    private IChangeStore Changes => process.GetRequiredService<IChangeStore>();

    private IActivityStore Activities => process.GetRequiredService<IActivityStore>();

    private IJobTable Jobs => process.GetRequiredService<IJobTable>();

    public async ValueTask InitializeAsync() => process = await StartProcessAsync();

    public async ValueTask DisposeAsync()
    {
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<IServiceProvider> StartProcessAsync();

    /// <summary>Ends all processes as a restart of the machine would.</summary>
    protected abstract Task StopProcessesAsync();

    protected abstract (int Jobs, int Changes) CountNotifications();

    protected abstract ValueTask CleanUpAsync();

    private static string LeaseOf(Workspace workspace) => $"workspace:{workspace.Id}";

    private Task<AdmissionOutcome> AddAsync(Workspace workspace, int limit = NoLimit, CapacityBudget? budget = null) =>
        Store.AddAsync(workspace, Make.Activity(workspace, Time), limit, budget ?? CapacityBudget.Unlimited, default);

    private async Task<Workspace> AddedAsync(string name)
    {
        var workspace = Make.Workspace(name, Time);
        Assert.IsType<AdmissionOutcome.Saved>(await AddAsync(workspace));
        return await FoundAsync(workspace.Id);
    }

    private async Task<Workspace> FoundAsync(WorkspaceId id) =>
        await Store.FindAsync(id, default) ?? throw new InvalidOperationException($"{id} is not in the store.");

    private async Task<Lease> LeasedAsync(string resource, string owner = "one") =>
        await Leases.TryAcquireAsync(resource, owner, Time.GetUtcNow(), LeaseTime, default)
        ?? throw new InvalidOperationException($"{resource} is leased to another.");

    private async Task RemovedAsync(Workspace workspace)
    {
        var lease = await LeasedAsync(LeaseOf(workspace));
        Assert.True(await Store.TryRemoveAsync(lease, workspace, Make.Activity(workspace, Time, Verbs.Delete), default));
    }

    private Task<IReadOnlyList<ReceivedJob>> TakeJobsAsync() =>
        Jobs.TakeAsync(100, Time.GetUtcNow(), Time.GetUtcNow() + LeaseTime, 5, default);
}
