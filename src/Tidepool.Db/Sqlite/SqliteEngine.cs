using System.Data;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Db.Schema;

namespace Tidepool.Db.Sqlite;

/// <summary>SQLite in WAL mode: many readers beside one writer.</summary>
internal sealed class SqliteEngine(IOptions<DbOptions> options) : IDatabaseEngine, IDisposable
{
    private const int UniqueViolation = 2067;
    private const int PrimaryKeyViolation = 1555;
    private const int Full = 13;

    /// <summary>The file that readers and writers share could not be made larger.</summary>
    private const int NoRoomForIndex = 4874;

    private readonly DbOptions options = options.Value;
    private readonly SemaphoreSlim writers = new(1);

    private string ConnectionString => new SqliteConnectionStringBuilder
    {
        DataSource = options.Path,
        Mode = SqliteOpenMode.ReadWrite,
        ForeignKeys = true,

        // SQLite itself waits first, as ConnectionPragmas says; the client's own retry, in steps of 150 ms, then adds nothing.
        DefaultTimeout = 1,
    }.ConnectionString;

    public void Configure(DbContextOptionsBuilder builder) =>
        builder
            .UseSqlite(ConnectionString)
            .AddInterceptors(new ConnectionPragmas(options.Path, options.BusyTimeout))
            .ConfigureWarnings(warnings => warnings.Log((RelationalEventId.CommandExecuted, LogLevel.Debug)));

    public async Task PrepareAsync(TidepoolDbContext db, CancellationToken cancellationToken)
    {
        DatabaseFile.Ensure(options.Path);
        await WriteAheadLog.EnableAsync(db, options.BusyTimeout, cancellationToken);
        DatabaseFile.SetModes(options.Path);
    }

    public async Task<IReadOnlySet<(string Table, string Column)>> ReadColumnsAsync(TidepoolDbContext db, CancellationToken cancellationToken)
    {
        var columns = await db.Database
            .SqlQuery<TableColumn>($"SELECT t.name AS \"Table\", c.name AS \"Column\" FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'")
            .ToListAsync(cancellationToken);
        return columns.Select(column => (column.Table, column.Column)).ToHashSet();
    }

    public async Task<IAsyncDisposable> BeginSnapshotAsync(TidepoolDbContext db, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        var connection = (SqliteConnection)db.Database.GetDbConnection();
        var transaction = connection.BeginTransaction(IsolationLevel.Serializable, deferred: true);
        await db.Database.UseTransactionAsync(transaction, cancellationToken);
        return transaction;
    }

    /// <summary>
    /// BEGIN IMMEDIATE, which is what this client makes of a serializable transaction: it takes the right to write at once.
    /// A deferred transaction that reads first and writes then fails without a wait when another has written in between.
    /// </summary>
    public async Task<IWriteTransaction> BeginWriteAsync(TidepoolDbContext db, CancellationToken cancellationToken)
    {
        // Writers of this process queue here, where waiting costs no thread; only those of other processes wait inside SQLite.
        if (!await writers.WaitAsync(options.BusyTimeout, cancellationToken))
        {
            throw new TimeoutException($"Other writes took longer than {options.BusyTimeout}.");
        }

        try
        {
            return new SqliteWrite(await db.Database.BeginTransactionAsync(IsolationLevel.Serializable, cancellationToken), writers);
        }
        catch
        {
            writers.Release();
            throw;
        }
    }

    public bool IsUniqueViolation(Exception exception) =>
        (exception as SqliteException ?? exception.InnerException as SqliteException)
            is { SqliteExtendedErrorCode: UniqueViolation or PrimaryKeyViolation };

    public bool IsDiskFull(Exception exception) =>
        (exception as SqliteException ?? exception.InnerException as SqliteException)
            is { SqliteErrorCode: Full } or { SqliteExtendedErrorCode: NoRoomForIndex };

    /// <summary>Closes the idle connections, which removes the files beside the database if it is not shared and no other process has it open.</summary>
    public void Dispose()
    {
        using var connection = new SqliteConnection(ConnectionString);
        SqliteConnection.ClearPool(connection);
        writers.Dispose();
    }

    private sealed record TableColumn(string Table, string Column);
}
