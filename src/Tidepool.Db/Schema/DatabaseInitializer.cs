using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Tidepool.Db.Workspaces;

namespace Tidepool.Db.Schema;

/// <summary>Makes the tables where there are none. Whether there are is asked inside the write that makes them, so two starters cannot both.</summary>
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
                    return false;
                }

                await creator.CreateTablesAsync(cancellationToken);
                db.Revisions.Add(new RevisionRow());
                await db.SaveChangesAsync(cancellationToken);
                return true;
            },
            cancellationToken);
    }
}
