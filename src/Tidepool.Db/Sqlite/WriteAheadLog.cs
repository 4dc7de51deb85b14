using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Tidepool.Db.Sqlite;

/// <summary>Switches the file to a write-ahead log, which it then keeps.</summary>
internal static class WriteAheadLog
{
    private const int Busy = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>The switch needs the file for itself and does not wait for it, so two processes that start together have to try again.</summary>
    public static async Task EnableAsync(DbContext db, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL", cancellationToken);
                return;
            }
            catch (SqliteException exception) when (exception.SqliteErrorCode == Busy && Stopwatch.GetElapsedTime(begun) < timeout)
            {
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
    }
}
