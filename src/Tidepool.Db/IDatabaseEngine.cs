using Microsoft.EntityFrameworkCore;
using Tidepool.Db.Schema;

namespace Tidepool.Db;

/// <summary>What differs from one database product to the next; everything else in this project is plain EF Core.</summary>
internal interface IDatabaseEngine
{
    void Configure(DbContextOptionsBuilder builder);

    /// <summary>Makes the database ready to hold tables. Safe to repeat, and in several processes at once.</summary>
    Task PrepareAsync(TidepoolDbContext db, CancellationToken cancellationToken);

    /// <summary>The columns that the tables have, whatever the model says.</summary>
    Task<IReadOnlySet<(string Table, string Column)>> ReadColumnsAsync(TidepoolDbContext db, CancellationToken cancellationToken);

    /// <summary>All reads up to its end see one state of the database.</summary>
    Task<IAsyncDisposable> BeginSnapshotAsync(TidepoolDbContext db, CancellationToken cancellationToken);

    /// <summary>Waits its turn for a bounded time. What is read in it stays true until its commit: no other write comes between.</summary>
    Task<IWriteTransaction> BeginWriteAsync(TidepoolDbContext db, CancellationToken cancellationToken);

    /// <summary>Whether the failure is that a value is there already that may be there only once.</summary>
    bool IsUniqueViolation(Exception exception);

    /// <summary>Whether the failure is that the disk has no space left.</summary>
    bool IsDiskFull(Exception exception);
}

/// <summary>A write that is undone unless it is committed before its disposal.</summary>
internal interface IWriteTransaction : IAsyncDisposable
{
    Task CommitAsync(CancellationToken cancellationToken);
}
