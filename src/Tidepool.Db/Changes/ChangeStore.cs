using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Storage;
using Tidepool.Db.Workspaces;

namespace Tidepool.Db.Changes;

internal sealed class ChangeStore(Database database) : IChangeStore
{
    public Task<ChangeSet> ReadAsync(long revision, CancellationToken cancellationToken) =>
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
}
