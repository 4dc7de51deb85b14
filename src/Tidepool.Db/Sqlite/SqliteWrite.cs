using Microsoft.EntityFrameworkCore.Storage;

namespace Tidepool.Db.Sqlite;

/// <summary>The right to write, and the place in the process's queue of writers that goes with it.</summary>
internal sealed class SqliteWrite(IDbContextTransaction transaction, SemaphoreSlim writers) : IWriteTransaction
{
    public Task CommitAsync(CancellationToken cancellationToken) => transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await transaction.DisposeAsync();
        }
        finally
        {
            writers.Release();
        }
    }
}
