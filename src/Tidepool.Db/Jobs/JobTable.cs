using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Jobs;
using Tidepool.Core.Workspaces;
using Tidepool.Db.Schema;

namespace Tidepool.Db.Jobs;

internal sealed class JobTable(Database database, CommitNotifications notifications) : IJobTable
{
    /// <summary>
    /// Records a job within a write of the caller's. An existing job covers it only before its first attempt: a job that was
    /// tried before may be about to die, and the new job would die with it.
    /// </summary>
    public static async Task<bool> RecordAsync(TidepoolDbContext db, Job job, DateTimeOffset visibleAt, CancellationToken cancellationToken)
    {
        var workspace = job.Workspace.Value;
        if (await db.Jobs.AnyAsync(
            row => row.Workspace == workspace && row.Receipt == null && row.Attempts == 0 && row.VisibleAt <= visibleAt,
            cancellationToken))
        {
            return false;
        }

        db.Jobs.Add(new JobRow { Workspace = workspace, VisibleAt = visibleAt });
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }

    public async Task AddAsync(Job job, DateTimeOffset visibleAt, CancellationToken cancellationToken)
    {
        if (await database.WriteAsync(db => RecordAsync(db, job, visibleAt, cancellationToken), cancellationToken))
        {
            notifications.JobRecorded();
        }
    }

    public async Task<IReadOnlyList<ReceivedJob>> TakeAsync(
        int max, DateTimeOffset now, DateTimeOffset visibleAgainAt, int maxAttempts, CancellationToken cancellationToken)
    {
        // Checking first keeps a worker that finds no job out of the writers' queue.
        if (!await database.ReadAsync(db => db.Jobs.AnyAsync(row => row.VisibleAt <= now, cancellationToken), cancellationToken))
        {
            return [];
        }

        return await database.WriteAsync(
            async db =>
            {
                await DeadLetterAsync(db, now, maxAttempts, cancellationToken);
                return await HandOutAsync(db, max, now, visibleAgainAt, cancellationToken);
            },
            static _ => true,
            cancellationToken);
    }

    public Task<bool> RescheduleAsync(ReceivedJob job, DateTimeOffset visibleAt, bool release, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async db => await Held(db, job).ExecuteUpdateAsync(
                row => row
                    .SetProperty(r => r.VisibleAt, visibleAt)
                    .SetProperty(r => r.Receipt, r => release ? null : r.Receipt),
                cancellationToken) == 1,
            cancellationToken);

    public Task<bool> RemoveAsync(ReceivedJob job, CancellationToken cancellationToken) =>
        database.WriteAsync(async db => await Held(db, job).ExecuteDeleteAsync(cancellationToken) == 1, cancellationToken);

    public Task<DateTimeOffset?> NextVisibleAtAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            db => db.Jobs.OrderBy(row => row.VisibleAt).Select(row => (DateTimeOffset?)row.VisibleAt).FirstOrDefaultAsync(cancellationToken),
            cancellationToken);

    public async Task<IReadOnlyList<DeadJob>> ListDeadAsync(int limit, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            db => db.DeadJobs.AsNoTracking()
                .OrderByDescending(row => row.DiedAt).ThenByDescending(row => row.Id)
                .Take(limit)
                .ToListAsync(cancellationToken),
            cancellationToken);
        return [.. rows.Select(row => row.ToDeadJob())];
    }

    private static async Task DeadLetterAsync(TidepoolDbContext db, DateTimeOffset now, int maxAttempts, CancellationToken cancellationToken)
    {
        var dying = await db.Jobs.Where(row => row.VisibleAt <= now && row.Attempts >= maxAttempts).ToListAsync(cancellationToken);
        if (dying.Count == 0)
        {
            return;
        }

        db.Jobs.RemoveRange(dying);
        db.DeadJobs.AddRange(dying.Select(row => new DeadJobRow { Id = row.Id, Workspace = row.Workspace, Attempts = row.Attempts, DiedAt = now }));
        await db.SaveChangesAsync(cancellationToken);
        var oldestKept = await db.DeadJobs
            .OrderByDescending(row => row.Id)
            .Skip(DeadJobRow.Kept - 1)
            .Select(row => (long?)row.Id)
            .FirstOrDefaultAsync(cancellationToken);
        if (oldestKept is not null)
        {
            await db.DeadJobs.Where(row => row.Id < oldestKept).ExecuteDeleteAsync(cancellationToken);
        }
    }

    private static async Task<IReadOnlyList<ReceivedJob>> HandOutAsync(
        TidepoolDbContext db, int max, DateTimeOffset now, DateTimeOffset visibleAgainAt, CancellationToken cancellationToken)
    {
        var rows = await db.Jobs.AsNoTracking()
            .Where(row => row.VisibleAt <= now)
            .OrderBy(row => row.VisibleAt).ThenBy(row => row.Id)
            .Take(max)
            .ToListAsync(cancellationToken);
        var receipt = Guid.NewGuid();
        var ids = rows.ConvertAll(row => row.Id);
        await db.Jobs.Where(row => ids.Contains(row.Id)).ExecuteUpdateAsync(
            row => row
                .SetProperty(r => r.Receipt, receipt)
                .SetProperty(r => r.VisibleAt, visibleAgainAt)
                .SetProperty(r => r.Attempts, r => r.Attempts + 1),
            cancellationToken);
        return rows.ConvertAll(row =>
            new ReceivedJob(row.Id.ToString(), receipt.ToString("N"), new Job(new WorkspaceId(row.Workspace)), row.Attempts + 1));
    }

    private static IQueryable<JobRow> Held(TidepoolDbContext db, ReceivedJob job)
    {
        var id = long.Parse(job.Id);
        Guid? receipt = Guid.ParseExact(job.Receipt, "N");
        return db.Jobs.Where(row => row.Id == id && row.Receipt == receipt);
    }
}
