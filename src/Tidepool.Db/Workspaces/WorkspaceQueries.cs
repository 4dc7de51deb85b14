using Microsoft.EntityFrameworkCore;
using Tidepool.Db.Schema;

namespace Tidepool.Db.Workspaces;

/// <summary>The queries that every request and every job makes, translated once a process.</summary>
internal static class WorkspaceQueries
{
    public static readonly Func<TidepoolDbContext, Guid, CancellationToken, Task<WorkspaceRow?>> ById =
        EF.CompileAsyncQuery((TidepoolDbContext db, Guid id, CancellationToken cancellationToken) =>
            db.Workspaces.AsNoTracking().FirstOrDefault(row => row.Id == id));

    /// <summary>The row, if it is still at this version; tracked, to be changed within a write.</summary>
    public static readonly Func<TidepoolDbContext, Guid, long, CancellationToken, Task<WorkspaceRow?>> AtVersion =
        EF.CompileAsyncQuery((TidepoolDbContext db, Guid id, long version, CancellationToken cancellationToken) =>
            db.Workspaces.FirstOrDefault(row => row.Id == id && row.Version == version));

    public static readonly Func<TidepoolDbContext, string, CancellationToken, Task<WorkspaceRow?>> ByName =
        EF.CompileAsyncQuery((TidepoolDbContext db, string name, CancellationToken cancellationToken) =>
            db.Workspaces.AsNoTracking().FirstOrDefault(row => row.Name == name));

    /// <summary>The workspaces after the given one, newest first.</summary>
    public static readonly Func<TidepoolDbContext, DateTimeOffset, Guid, int, IAsyncEnumerable<WorkspaceRow>> Older =
        EF.CompileAsyncQuery((TidepoolDbContext db, DateTimeOffset createdAt, Guid id, int count) =>
            db.Workspaces.AsNoTracking()
                .Where(row => row.CreatedAt < createdAt || (row.CreatedAt == createdAt && row.Id.CompareTo(id) < 0))
                .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
                .Take(count));

    public static readonly Func<TidepoolDbContext, long, IAsyncEnumerable<WorkspaceRow>> ChangedAfter =
        EF.CompileAsyncQuery((TidepoolDbContext db, long revision) =>
            db.Workspaces.AsNoTracking().Where(row => row.Revision > revision).OrderBy(row => row.Revision).AsQueryable());
}
