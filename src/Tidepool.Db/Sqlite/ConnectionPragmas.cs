using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Tidepool.Db.Sqlite;

/// <summary>
/// What has to be said on each connection. NORMAL with a write-ahead log survives a crash of the process whole; a power cut may
/// take the last commits, never the file's integrity.
/// </summary>
internal sealed class ConnectionPragmas(TimeSpan busyTimeout) : DbConnectionInterceptor
{
    private readonly string pragmas = $"PRAGMA busy_timeout = {(long)busyTimeout.TotalMilliseconds}; PRAGMA synchronous = NORMAL;";

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = pragmas;
        command.ExecuteNonQuery();
    }

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }
}
