using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Db.Activities;
using Tidepool.Db.Changes;
using Tidepool.Db.Jobs;
using Tidepool.Db.Leases;
using Tidepool.Db.Schema;

namespace Tidepool.Db.Workspaces;

internal sealed class WorkspaceStore(Database database, CommitNotifications notifications, TimeProvider time) : IWorkspaceStore
{
    public async Task<Workspace?> FindAsync(WorkspaceId id, CancellationToken cancellationToken) =>
        (await database.ReadAsync(db => WorkspaceQueries.ById(db, id.Value, cancellationToken), cancellationToken))?.ToWorkspace();

    public async Task<Workspace?> FindByNameAsync(WorkspaceName name, CancellationToken cancellationToken) =>
        (await database.ReadAsync(db => WorkspaceQueries.ByName(db, name.Value, cancellationToken), cancellationToken))?.ToWorkspace();

    public async Task<Page<Workspace>> ListAsync(int limit, string? cursor, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var (createdAt, id) = cursor is null ? (DateTimeOffset.MaxValue, Guid.AllBitsSet) : Cursor.ReadWorkspace(cursor);
        var rows = await database.ReadAsync(
            db => WorkspaceQueries.Older(db, createdAt, id, limit + 1).ToListAsync(cancellationToken).AsTask(),
            cancellationToken);
        return new Page<Workspace>(
            [.. rows.Take(limit).Select(row => row.ToWorkspace())],
            rows.Count > limit ? Cursor.OfWorkspace(rows[limit - 1].CreatedAt, rows[limit - 1].Id) : null);
    }

    public async Task<IReadOnlyList<Workspace>> ListAllAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            db => WorkspaceQueries.ChangedAfter(db, 0).ToListAsync(cancellationToken).AsTask(),
            cancellationToken);
        return [.. rows.Select(row => row.ToWorkspace())];
    }

    public async Task<AdmissionOutcome> AddAsync(Workspace workspace, Activity activity, int limit, CapacityBudget budget, CancellationToken cancellationToken)
    {
        var outcome = await TryAddAsync(workspace, activity, limit, budget, cancellationToken);
        Notify(outcome is AdmissionOutcome.Saved);
        return outcome;
    }

    public async Task<AdmissionOutcome> AdmitAsync(Workspace workspace, Activity activity, CapacityBudget budget, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync<AdmissionOutcome>(
            async db =>
                !await IsCurrentAsync(db, workspace, cancellationToken) ? new AdmissionOutcome.Outdated()
                : await RefuseAsync(db, workspace, budget, cancellationToken) is { } refusal ? new AdmissionOutcome.Refused(refusal)
                : await WriteIntentAsync(db, workspace, activity, cancellationToken) ? new AdmissionOutcome.Saved()
                : new AdmissionOutcome.Outdated(),
            outcome => outcome is AdmissionOutcome.Saved,
            cancellationToken);
        Notify(outcome is AdmissionOutcome.Saved);
        return outcome;
    }

    public async Task<bool> TrySaveIntentAsync(Workspace workspace, Activity activity, CancellationToken cancellationToken)
    {
        var saved = await database.WriteAsync(db => WriteIntentAsync(db, workspace, activity, cancellationToken), cancellationToken);
        Notify(saved);
        return saved;
    }

    public async Task<bool> TrySaveObservationAsync(Lease lease, Workspace workspace, Activity? activity, CancellationToken cancellationToken)
    {
        var saved = await database.WriteAsync(
            async db =>
            {
                if (!await LeaseStore.IsHeldAsync(db, lease, cancellationToken) || !await TryReplaceAsync(db, workspace, cancellationToken))
                {
                    return false;
                }

                if (activity is not null)
                {
                    db.Activities.Add(ActivityRow.Of(activity));
                    await db.SaveChangesAsync(cancellationToken);
                }

                return true;
            },
            cancellationToken);
        if (saved)
        {
            notifications.WorkspaceChanged();
        }

        return saved;
    }

    public async Task<bool> TrySavePortsSeenAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        var saved = await database.WriteAsync(db => TryReplaceAsync(db, workspace, cancellationToken), cancellationToken);
        if (saved)
        {
            notifications.WorkspaceChanged();
        }

        return saved;
    }

    public async Task<bool> TrySaveAccessAsync(WorkspaceId id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var saved = await database.WriteAsync(
            async db =>
            {
                var revision = await RevisionRow.NextAsync(db, cancellationToken);
                DateTimeOffset? accessedAt = at;
                return await db.Workspaces
                    .Where(row => row.Id == id.Value && (row.LastAccessedAt == null || row.LastAccessedAt < accessedAt))
                    .ExecuteUpdateAsync(
                        row => row
                            .SetProperty(r => r.LastAccessedAt, accessedAt)
                            .SetProperty(r => r.Version, r => r.Version + 1)
                            .SetProperty(r => r.Revision, revision),
                        cancellationToken) == 1;
            },
            cancellationToken);
        if (saved)
        {
            notifications.WorkspaceChanged();
        }

        return saved;
    }

    public async Task<bool> TryRemoveAsync(Lease lease, Workspace workspace, Activity activity, CancellationToken cancellationToken)
    {
        var removed = await database.WriteAsync(
            async db =>
            {
                var (id, version) = (workspace.Id.Value, workspace.Version);
                if (!await LeaseStore.IsHeldAsync(db, lease, cancellationToken)
                    || await db.Workspaces.Where(row => row.Id == id && row.Version == version).ExecuteDeleteAsync(cancellationToken) == 0)
                {
                    return false;
                }

                await RemovalRow.RecordAsync(db, workspace, cancellationToken);
                db.Activities.Add(ActivityRow.Of(activity));
                await db.SaveChangesAsync(cancellationToken);
                await LeaseStore.ForgetAsync(db, lease, cancellationToken);
                return true;
            },
            cancellationToken);
        if (removed)
        {
            notifications.WorkspaceChanged();
        }

        return removed;
    }

    private async Task<AdmissionOutcome> TryAddAsync(
        Workspace workspace, Activity activity, int limit, CapacityBudget budget, CancellationToken cancellationToken)
    {
        var (now, name) = (time.GetUtcNow(), workspace.Name.Value);
        try
        {
            return await database.WriteAsync<AdmissionOutcome>(
                async db =>
                {
                    if (await db.Workspaces.AnyAsync(row => row.Name == name, cancellationToken))
                    {
                        return new AdmissionOutcome.Refused(new Refusal.NameTaken(workspace.Name));
                    }

                    if (await db.Workspaces.CountAsync(cancellationToken) >= limit)
                    {
                        return new AdmissionOutcome.Refused(new Refusal.WorkspaceLimit(limit));
                    }

                    if (await RefuseAsync(db, workspace, budget, cancellationToken) is { } refusal)
                    {
                        return new AdmissionOutcome.Refused(refusal);
                    }

                    db.Workspaces.Add(WorkspaceRow.Of(workspace, await RevisionRow.NextAsync(db, cancellationToken)));
                    db.Activities.Add(ActivityRow.Of(activity));
                    await JobTable.RecordAsync(db, new Job(workspace.Id), now, cancellationToken);
                    await db.SaveChangesAsync(cancellationToken);
                    return new AdmissionOutcome.Saved();
                },
                outcome => outcome is AdmissionOutcome.Saved,
                cancellationToken);
        }
        catch (StoreException failure) when (database.IsUniqueViolation(failure))
        {
            // Where writes do not exclude each other, another write may have added the name since it was checked.
            return new AdmissionOutcome.Refused(new Refusal.NameTaken(workspace.Name));
        }
    }

    private static Task<bool> IsCurrentAsync(TidepoolDbContext db, Workspace workspace, CancellationToken cancellationToken)
    {
        var (id, version) = (workspace.Id.Value, workspace.Version);
        return db.Workspaces.AnyAsync(row => row.Id == id && row.Version == version, cancellationToken);
    }

    /// <summary>To be called within a write: what is read here stays true until its commit.</summary>
    private static async Task<Refusal?> RefuseAsync(TidepoolDbContext db, Workspace workspace, CapacityBudget budget, CancellationToken cancellationToken)
    {
        if (workspace.Desired != DesiredState.Running)
        {
            return null;
        }

        var rows = await WorkspaceQueries.ChangedAfter(db, 0).ToListAsync(cancellationToken);
        return Admission.Refuse(budget, rows.ConvertAll(row => row.ToWorkspace()), workspace);
    }

    private async Task<bool> WriteIntentAsync(TidepoolDbContext db, Workspace workspace, Activity activity, CancellationToken cancellationToken)
    {
        if (!await TryReplaceAsync(db, workspace, cancellationToken))
        {
            return false;
        }

        db.Activities.Add(ActivityRow.Of(activity));
        await JobTable.RecordAsync(db, new Job(workspace.Id), time.GetUtcNow(), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    private void Notify(bool saved)
    {
        if (saved)
        {
            notifications.WorkspaceChanged();
            notifications.JobRecorded();
        }
    }

    /// <summary>
    /// Replaces all but the id, the name and the time of creation, which never change. False if another has written the workspace since
    /// it was read, or it is gone. No other write comes between this read and the commit, so it is a compare-and-set.
    /// </summary>
    private static async Task<bool> TryReplaceAsync(TidepoolDbContext db, Workspace workspace, CancellationToken cancellationToken)
    {
        if (await WorkspaceQueries.AtVersion(db, workspace.Id.Value, workspace.Version, cancellationToken) is not { } row)
        {
            return false;
        }

        row.Replace(workspace, await RevisionRow.NextAsync(db, cancellationToken));
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }
}
