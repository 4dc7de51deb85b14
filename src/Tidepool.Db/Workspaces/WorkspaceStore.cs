using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Db.Activities;
using Tidepool.Db.Jobs;
using Tidepool.Db.Leases;
using Tidepool.Db.Schema;

namespace Tidepool.Db.Workspaces;

internal sealed class WorkspaceStore(Database database, CommitBells bells, TimeProvider time) : IWorkspaceStore
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
        Ring(outcome is AdmissionOutcome.Saved);
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
        Ring(outcome is AdmissionOutcome.Saved);
        return outcome;
    }

    public async Task<bool> TrySaveIntentAsync(Workspace workspace, Activity activity, CancellationToken cancellationToken)
    {
        var saved = await database.WriteAsync(db => WriteIntentAsync(db, workspace, activity, cancellationToken), cancellationToken);
        Ring(saved);
        return saved;
    }

    public async Task<bool> TrySaveObservationAsync(Lease lease, Workspace workspace, Activity? activity, CancellationToken cancellationToken)
    {
        var saved = await database.WriteAsync(
            async db =>
            {
                if (!await LeaseTable.IsHeldAsync(db, lease, cancellationToken) || !await TryReplaceAsync(db, workspace, cancellationToken))
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
            bells.WorkspaceChanged();
        }

        return saved;
    }

    public async Task<bool> TrySavePortsSeenAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        var saved = await database.WriteAsync(db => TryReplaceAsync(db, workspace, cancellationToken), cancellationToken);
        if (saved)
        {
            bells.WorkspaceChanged();
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
            bells.WorkspaceChanged();
        }

        return saved;
    }

    public async Task<bool> TryRemoveAsync(Lease lease, Workspace workspace, Activity activity, CancellationToken cancellationToken)
    {
        var removed = await database.WriteAsync(
            async db =>
            {
                var (id, version) = (workspace.Id.Value, workspace.Version);
                if (!await LeaseTable.IsHeldAsync(db, lease, cancellationToken)
                    || await db.Workspaces.Where(row => row.Id == id && row.Version == version).ExecuteDeleteAsync(cancellationToken) == 0)
                {
                    return false;
                }

                var revision = await RevisionRow.NextAsync(db, cancellationToken);
                db.Removals.Add(new RemovalRow { Revision = revision, Workspace = id, Name = workspace.Name.Value });
                db.Activities.Add(ActivityRow.Of(activity));
                await db.SaveChangesAsync(cancellationToken);
                await PruneRemovalsAsync(db, cancellationToken);
                await LeaseTable.ForgetAsync(db, lease, cancellationToken);
                return true;
            },
            cancellationToken);
        if (removed)
        {
            bells.WorkspaceChanged();
        }

        return removed;
    }

    public Task<ChangeSet> ReadChangesAsync(long revision, CancellationToken cancellationToken) =>
        database.ReadSnapshotAsync(
            async db =>
            {
                var current = await RevisionRow.CurrentAsync(db, cancellationToken);
                if (current <= revision)
                {
                    return new ChangeSet(current, [], []);
                }

                var changed = await WorkspaceQueries.ChangedAfter(db, revision).ToListAsync(cancellationToken);
                List<RemovalRow> removed = revision == 0
                    ? []
                    : await db.Removals.AsNoTracking()
                        .Where(row => row.Revision > revision)
                        .OrderBy(row => row.Revision)
                        .ToListAsync(cancellationToken);
                return new ChangeSet(current, [.. changed.Select(row => row.ToWorkspace())], [.. removed.Select(row => row.ToRemoval())]);
            },
            cancellationToken);

    public async Task<Page<Activity>> ListActivityAsync(WorkspaceId? workspace, int limit, string? cursor, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        var before = cursor is null ? long.MaxValue : Cursor.ReadActivity(cursor);
        var rows = await database.ReadAsync(
            db =>
            {
                var activities = db.Activities.AsNoTracking().Where(row => row.Sequence < before);
                if (workspace is { Value: var id })
                {
                    activities = activities.Where(row => row.Workspace == id);
                }

                return activities.OrderByDescending(row => row.Sequence).Take(limit + 1).ToListAsync(cancellationToken);
            },
            cancellationToken);
        return new Page<Activity>(
            [.. rows.Take(limit).Select(row => row.ToActivity())],
            rows.Count > limit ? Cursor.OfActivity(rows[limit - 1].Sequence) : null);
    }

    public Task<Lease?> TryAcquireLeaseAsync(string resource, string owner, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken) =>
        database.WriteAsync(
            db => LeaseTable.TryAcquireAsync(db, resource, owner, now, now + duration, cancellationToken),
            lease => lease is not null,
            cancellationToken);

    public async Task<Lease?> TryRenewLeaseAsync(Lease lease, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken)
    {
        var renewed = lease with { ExpiresAt = now + duration };
        return await database.WriteAsync(db => LeaseTable.TryRenewAsync(db, lease, renewed.ExpiresAt, cancellationToken), cancellationToken)
            ? renewed
            : null;
    }

    public Task ReleaseLeaseAsync(Lease lease, CancellationToken cancellationToken) =>
        database.WriteAsync(db => LeaseTable.ReleaseAsync(db, lease, cancellationToken), cancellationToken);

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
            // Where writes do not exclude each other, another may have added the name since it was looked for.
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

    private void Ring(bool saved)
    {
        if (saved)
        {
            bells.WorkspaceChanged();
            bells.JobRecorded();
        }
    }

    /// <summary>Replaces all but the id, the name and the time of creation, which never change.</summary>
    private static async Task<bool> TryReplaceAsync(TidepoolDbContext db, Workspace workspace, CancellationToken cancellationToken)
    {
        var version = workspace.Version;
        var next = WorkspaceRow.Of(workspace, await RevisionRow.NextAsync(db, cancellationToken));
        var replaced = await db.Workspaces
            .Where(row => row.Id == next.Id && row.Version == version)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(r => r.Description, next.Description)
                    .SetProperty(r => r.Image, next.Image)
                    .SetProperty(r => r.Cpus, next.Cpus)
                    .SetProperty(r => r.MemoryMiB, next.MemoryMiB)
                    .SetProperty(r => r.Desired, next.Desired)
                    .SetProperty(r => r.Status, next.Status)
                    .SetProperty(r => r.Provisioned, next.Provisioned)
                    .SetProperty(r => r.CloneOf, next.CloneOf)
                    .SetProperty(r => r.Isolation, next.Isolation)
                    .SetProperty(r => r.Address, next.Address)
                    .SetProperty(r => r.FaultCode, next.FaultCode)
                    .SetProperty(r => r.FaultMessage, next.FaultMessage)
                    .SetProperty(r => r.ProgressStep, next.ProgressStep)
                    .SetProperty(r => r.ProgressOf, next.ProgressOf)
                    .SetProperty(r => r.ProgressLabel, next.ProgressLabel)
                    .SetProperty(r => r.Ports, next.Ports)
                    .SetProperty(r => r.UpdatedAt, next.UpdatedAt)
                    .SetProperty(r => r.StartedAt, next.StartedAt)
                    .SetProperty(r => r.LastAccessedAt, next.LastAccessedAt)
                    .SetProperty(r => r.DeadlineAt, next.DeadlineAt)
                    .SetProperty(r => r.Version, next.Version)
                    .SetProperty(r => r.Revision, next.Revision),
                cancellationToken);
        return replaced == 1;
    }

    private static async Task PruneRemovalsAsync(TidepoolDbContext db, CancellationToken cancellationToken)
    {
        var oldestKept = await db.Removals
            .OrderByDescending(row => row.Revision)
            .Skip(RemovalRow.Kept - 1)
            .Select(row => (long?)row.Revision)
            .FirstOrDefaultAsync(cancellationToken);
        if (oldestKept is not null)
        {
            await db.Removals.Where(row => row.Revision < oldestKept).ExecuteDeleteAsync(cancellationToken);
        }
    }
}
