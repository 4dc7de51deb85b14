using System.Data.Common;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace Tidepool.Db.Sqlite;

/// <summary>
/// What has to be said on each connection. FULL writes the log through to the disk at each commit, so that what was acknowledged
/// survives a power cut. NORMAL would survive a crash of the process only: a power cut may take its last commits. And the server may
/// write the database that the worker, which is root, opens: so a statement that takes far more work or memory than any of ours is
/// ended, nothing in the schema calls what reaches outside the file, and no journal is read or made but the write-ahead log.
/// </summary>
/// <param name="path">The database's file.</param>
/// <param name="busyTimeout">How long a write waits for another process's.</param>
internal sealed partial class ConnectionPragmas(string path, TimeSpan busyTimeout) : DbConnectionInterceptor
{
    private const int PersistWriteAheadLog = 10;

    /// <summary>Instructions of SQLite's machine, about 60 for each row of a thousand workspaces. A processor does about a hundred million a second.</summary>
    private const int LongestStatement = 20_000_000;

    /// <summary>No text and no row of ours comes near.</summary>
    private const int LongestValueBytes = 1 << 20;

    private readonly string pragmas =
        $"PRAGMA busy_timeout = {(long)busyTimeout.TotalMilliseconds}; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";

    /// <summary>
    /// Whether the last connection to close leaves the files beside the database, emptied into it, where they are: the database's
    /// other user may not make them again.
    /// </summary>
    private readonly bool isShared = DatabaseFile.IsShared(path);

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = pragmas;
        command.ExecuteNonQuery();
        var handle = ((SqliteConnection)connection).Handle!;

        // Called when a statement has taken that many instructions; any answer but 0 ends it (sqlite3_progress_handler).
        raw.sqlite3_progress_handler(handle, LongestStatement, static _ => 1, null);
        raw.sqlite3_limit(handle, raw.SQLITE_LIMIT_LENGTH, LongestValueBytes);
        if (isShared)
        {
            RefuseOtherJournals(connection);
            KeepLog(handle.DangerousGetHandle());
        }
    }

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }

    /// <summary>
    /// SQLite deletes the file that a rollback journal names. A database whose header was changed back to such a journal would get
    /// one for each write, and the other user might write the name of any file into it. Once this has found the write-ahead log, the
    /// connection stays with it whatever the header says later.
    /// </summary>
    /// <exception cref="IOException">The database is shared and has no write-ahead log.</exception>
    private void RefuseOtherJournals(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode";
        if (command.ExecuteScalar() is not "wal" && DatabaseFile.IsOpenToGroup(path))
        {
            throw new IOException($"The header of {path} was changed: it says that the database has no write-ahead log. Stop Tidepool and bring back a copy of the file.");
        }
    }

    private static void KeepLog(nint database)
    {
        var on = 1;
        if (FileControl(database, "main", PersistWriteAheadLog, ref on) != 0)
        {
            throw new InvalidOperationException("SQLite does not keep its write-ahead log.");
        }
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial int FileControl(nint database, string name, int operation, ref int value);
}
