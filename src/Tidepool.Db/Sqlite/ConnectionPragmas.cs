using System.Data.Common;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace Tidepool.Db.Sqlite;

/// <summary>
/// What has to be said on each connection. FULL writes the log through to the disk at each commit, so that what was acknowledged
/// survives a power cut. NORMAL would survive a crash of the process only: a power cut may take its last commits. And the server may
/// write the database that the worker, which is root, reads: so a statement that takes far more work or memory than any of ours is ended.
/// </summary>
/// <param name="busyTimeout">How long a write waits for another process's.</param>
/// <param name="keepLog">
/// Whether the last connection to close leaves the files beside the database, emptied into it, where they are: another user who
/// works with it may not make them again.
/// </param>
internal sealed partial class ConnectionPragmas(TimeSpan busyTimeout, bool keepLog) : DbConnectionInterceptor
{
    private const int PersistWriteAheadLog = 10;

    /// <summary>Instructions of SQLite's machine, about 60 for each row of a thousand workspaces. A processor does about a hundred million a second.</summary>
    private const int LongestStatement = 20_000_000;

    /// <summary>No text and no row of ours comes near.</summary>
    private const int LongestValueBytes = 16 << 20;

    private readonly string pragmas = $"PRAGMA busy_timeout = {(long)busyTimeout.TotalMilliseconds}; PRAGMA synchronous = FULL;";

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = pragmas;
        command.ExecuteNonQuery();
        var handle = ((SqliteConnection)connection).Handle!;

        // Called when a statement has taken that many instructions; any answer but 0 ends it (sqlite3_progress_handler).
        raw.sqlite3_progress_handler(handle, LongestStatement, static _ => 1, null);
        raw.sqlite3_limit(handle, raw.SQLITE_LIMIT_LENGTH, LongestValueBytes);
        var on = 1;
        if (keepLog && FileControl(handle.DangerousGetHandle(), "main", PersistWriteAheadLog, ref on) != 0)
        {
            throw new InvalidOperationException("SQLite does not keep its write-ahead log.");
        }
    }

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int FileControl(nint database, string name, int operation, ref int value);
}
