using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Model;

/// <summary>The stores as one worker reaches them: a write may be made and its answer never come.</summary>
internal sealed class WorkerStore(ModelWorker worker, InMemoryStore store) : IWorkspaceStore, ILeaseStore, IActivityStore
{
    public Task<Workspace?> FindAsync(WorkspaceId id, CancellationToken cancellationToken) => DoAsync(token => store.FindAsync(id, token), cancellationToken);

    public Task<Workspace?> FindByNameAsync(WorkspaceName name, CancellationToken cancellationToken) => DoAsync(token => store.FindByNameAsync(name, token), cancellationToken);

    public Task<Page<Workspace>> ListAsync(int limit, string? cursor, CancellationToken cancellationToken) => DoAsync(token => store.ListAsync(limit, cursor, token), cancellationToken);

    public Task<IReadOnlyList<Workspace>> ListAllAsync(CancellationToken cancellationToken) => DoAsync(store.ListAllAsync, cancellationToken);

    public Task<AdmissionOutcome> AddAsync(Workspace workspace, Activity activity, int limit, CapacityBudget budget, CancellationToken cancellationToken) =>
        DoAsync(token => store.AddAsync(workspace, activity, limit, budget, token), cancellationToken);

    public Task<AdmissionOutcome> AdmitAsync(Workspace workspace, Activity activity, CapacityBudget budget, CancellationToken cancellationToken) =>
        DoAsync(token => store.AdmitAsync(workspace, activity, budget, token), cancellationToken);

    public Task<bool> TrySaveIntentAsync(Workspace workspace, Activity activity, CancellationToken cancellationToken) =>
        DoAsync(token => store.TrySaveIntentAsync(workspace, activity, token), cancellationToken);

    public Task<bool> TrySaveObservationAsync(Lease lease, Workspace workspace, Activity? activity, CancellationToken cancellationToken) =>
        DoAsync(token => WriteAsync(lease, store.TrySaveObservationAsync(lease, workspace, activity, token)), cancellationToken);

    public Task<bool> TrySavePortsSeenAsync(Workspace workspace, CancellationToken cancellationToken) => DoAsync(token => store.TrySavePortsSeenAsync(workspace, token), cancellationToken);

    public Task<bool> TrySaveAccessAsync(WorkspaceId id, DateTimeOffset at, CancellationToken cancellationToken) =>
        DoAsync(token => store.TrySaveAccessAsync(id, at, token), cancellationToken);

    public Task<bool> TryRemoveAsync(Lease lease, Workspace workspace, Activity activity, CancellationToken cancellationToken) =>
        DoAsync(token => WriteAsync(lease, store.TryRemoveAsync(lease, workspace, activity, token)), cancellationToken);

    public Task<Page<Activity>> ListAsync(WorkspaceId? workspace, int limit, string? cursor, CancellationToken cancellationToken) =>
        DoAsync(token => store.ListAsync(workspace, limit, cursor, token), cancellationToken);

    public Task<Lease?> TryAcquireAsync(string resource, string owner, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken) =>
        DoAsync(token => store.TryAcquireAsync(resource, owner, now, duration, token), cancellationToken);

    public Task<Lease?> TryRenewAsync(Lease lease, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken) =>
        DoAsync(token => store.TryRenewAsync(lease, now, duration, token), cancellationToken);

    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) =>
        DoAsync(
            async token =>
            {
                await store.ReleaseAsync(lease, token);
                return true;
            },
            cancellationToken);

    private async Task<bool> WriteAsync(Lease lease, Task<bool> write)
    {
        if (!await write)
        {
            return false;
        }

        worker.World.Wrote(worker, lease);
        return true;
    }

    private async Task<T> DoAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await worker.PassAsync();
        var fault = worker.World.NextStoreFault();
        if (fault == StoreFault.Refused)
        {
            throw Raise();
        }

        var answer = await work(cancellationToken);
        await worker.PassAsync();
        return fault == StoreFault.AnswerLost ? throw Raise() : answer;
    }

    private static StoreException Raise() => new("The model says so.", new IOException());
}

internal enum StoreFault
{
    None,
    Refused,
    AnswerLost,
}
