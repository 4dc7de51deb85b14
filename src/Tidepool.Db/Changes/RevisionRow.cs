using Microsoft.EntityFrameworkCore;
using Tidepool.Db.Schema;

namespace Tidepool.Db.Changes;

/// <summary>
/// The one row that counts changes to workspaces. The transaction that raises it locks it until its commit, so revisions become
/// visible in their own order and a follower never skips one.
/// </summary>
internal sealed class RevisionRow
{
    public const int OnlyId = 1;

    public int Id { get; set; } = OnlyId;
    public long Value { get; set; }

    /// <summary>To be called within a write.</summary>
    public static async Task<long> NextAsync(TidepoolDbContext db, CancellationToken cancellationToken)
    {
        await db.Revisions.ExecuteUpdateAsync(row => row.SetProperty(r => r.Value, r => r.Value + 1), cancellationToken);
        return await CurrentAsync(db, cancellationToken);
    }

    public static Task<long> CurrentAsync(TidepoolDbContext db, CancellationToken cancellationToken) =>
        db.Revisions.Select(row => row.Value).SingleAsync(cancellationToken);
}
