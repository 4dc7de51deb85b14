using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Activities;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Activities;

internal sealed class ActivityStore(Database database) : IActivityStore
{
    public async Task<Page<Activity>> ListAsync(WorkspaceId? workspace, int limit, string? cursor, CancellationToken cancellationToken)
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
}
