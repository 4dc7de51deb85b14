using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Storage;
using Tidepool.Db.Changes;

namespace Tidepool.Db.Schema;

/// <summary>
/// Makes missing tables, and adds the columns that an older database lacks: every later column may be null, so nothing else is
/// needed. It checks what exists inside the write that changes it, so two processes that start at once cannot both change it.
/// </summary>
internal sealed class DatabaseInitializer(Database database, IDatabaseEngine engine)
{
    public async Task InitializeAsync(CancellationToken cancellationToken)
    {
        await database.ReadAsync(
            async db =>
            {
                await engine.PrepareAsync(db, cancellationToken);
                return true;
            },
            cancellationToken);

        await database.WriteAsync(
            async db =>
            {
                var creator = db.GetService<IRelationalDatabaseCreator>();
                if (await creator.HasTablesAsync(cancellationToken))
                {
                    return await AddColumnsAsync(db, cancellationToken);
                }

                await creator.CreateTablesAsync(cancellationToken);
                db.Revisions.Add(new RevisionRow());
                await db.SaveChangesAsync(cancellationToken);
                return true;
            },
            cancellationToken);
    }

    /// <summary>Whether any were lacking.</summary>
    private async Task<bool> AddColumnsAsync(TidepoolDbContext db, CancellationToken cancellationToken)
    {
        var present = await engine.ReadColumnsAsync(db, cancellationToken);
        var lacking = db.Model.GetRelationalModel().Tables
            .SelectMany(table => table.Columns)
            .Where(column => !present.Contains((column.Table.Name, column.Name)))
            .Select(column => new AddColumnOperation
            {
                Table = column.Table.Name,
                Name = column.Name,
                ClrType = column.PropertyMappings[0].Property.ClrType,
                ColumnType = column.StoreType,
                IsNullable = column.IsNullable,
            })
            .ToList();
        foreach (var command in db.GetService<IMigrationsSqlGenerator>().Generate(lacking))
        {
            await db.Database.ExecuteSqlRawAsync(command.CommandText, cancellationToken);
        }

        return lacking.Count > 0;
    }
}
