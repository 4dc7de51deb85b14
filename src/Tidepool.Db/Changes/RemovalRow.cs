using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Db.Schema;

namespace Tidepool.Db.Changes;

/// <summary>What is left of a deleted workspace, for the followers of changes. Only the newest are kept.</summary>
internal sealed class RemovalRow
{
    public const int Kept = 1000;

    public long Revision { get; set; }
    public Guid Workspace { get; set; }
    public string Name { get; set; } = "";

    /// <summary>Records that the workspace is gone, and forgets the oldest removals. To be called within a write.</summary>
    public static async Task RecordAsync(TidepoolDbContext db, Workspace workspace, CancellationToken cancellationToken)
    {
        var revision = await RevisionRow.NextAsync(db, cancellationToken);
        db.Removals.Add(new RemovalRow { Revision = revision, Workspace = workspace.Id.Value, Name = workspace.Name.Value });
        await db.SaveChangesAsync(cancellationToken);
        var oldestKept = await db.Removals
            .OrderByDescending(row => row.Revision)
            .Skip(Kept - 1)
            .Select(row => (long?)row.Revision)
            .FirstOrDefaultAsync(cancellationToken);
        if (oldestKept is not null)
        {
            await db.Removals.Where(row => row.Revision < oldestKept).ExecuteDeleteAsync(cancellationToken);
        }
    }

    public Removal ToRemoval() => new(new WorkspaceId(Workspace), StoredText.Name(Name), Revision);
}
