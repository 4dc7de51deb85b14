using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Storage;
using Tidepool.Db.Schema;

namespace Tidepool.Db;

/// <summary>Runs reads and writes, each in a context of its own, and turns the database's failures into <see cref="StoreException"/>.</summary>
internal sealed class Database(IDbContextFactory<TidepoolDbContext> contexts, IDatabaseEngine engine)
{
    /// <summary>For a single query, which is consistent by itself.</summary>
    public Task<T> ReadAsync<T>(Func<TidepoolDbContext, Task<T>> read, CancellationToken cancellationToken) =>
        RunAsync(read, cancellationToken);

    /// <summary>For several queries that have to fit together.</summary>
    public Task<T> ReadSnapshotAsync<T>(Func<TidepoolDbContext, Task<T>> read, CancellationToken cancellationToken) =>
        RunAsync(
            async db =>
            {
                await using var snapshot = await engine.BeginSnapshotAsync(db, cancellationToken);
                return await read(db);
            },
            cancellationToken);

    /// <summary>One transaction. It is committed if <paramref name="keep"/> is true for the result of <paramref name="write"/>, and rolled back otherwise.</summary>
    public Task<T> WriteAsync<T>(Func<TidepoolDbContext, Task<T>> write, Predicate<T> keep, CancellationToken cancellationToken) =>
        RunAsync(
            async db =>
            {
                await using var transaction = await engine.BeginWriteAsync(db, cancellationToken);
                var outcome = await write(db);
                if (keep(outcome))
                {
                    await transaction.CommitAsync(cancellationToken);
                }

                return outcome;
            },
            cancellationToken);

    public Task<bool> WriteAsync(Func<TidepoolDbContext, Task<bool>> write, CancellationToken cancellationToken) =>
        WriteAsync(write, static written => written, cancellationToken);

    public bool IsUniqueViolation(StoreException failure) => failure.InnerException is { } inner && engine.IsUniqueViolation(inner);

    private async Task<T> RunAsync<T>(Func<TidepoolDbContext, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            return await work(db);
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException or IOException or UnauthorizedAccessException or TimeoutException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new StoreException("The database did not do what was asked of it. Try again; if it goes on, check the disk's free space and the file's permissions.", exception) { IsDiskFull = engine.IsDiskFull(exception) };
        }
    }
}
