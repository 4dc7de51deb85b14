using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Health;

namespace Tidepool.Db.Health;

internal sealed class HealthBoard(Database database) : IHealthBoard
{
    public Task ReportAsync(ComponentHealth health, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async db =>
            {
                var updated = await db.Health
                    .Where(row => row.Component == health.Component)
                    .ExecuteUpdateAsync(
                        row => row
                            .SetProperty(r => r.Healthy, health.Healthy)
                            .SetProperty(r => r.Detail, health.Detail)
                            .SetProperty(r => r.At, health.At),
                        cancellationToken);
                if (updated == 0)
                {
                    db.Health.Add(new HealthRow { Component = health.Component, Healthy = health.Healthy, Detail = health.Detail, At = health.At });
                    await db.SaveChangesAsync(cancellationToken);
                }

                return true;
            },
            cancellationToken);

    public async Task<IReadOnlyList<ComponentHealth>> ReadAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(db => db.Health.AsNoTracking().OrderBy(row => row.Component).ToListAsync(cancellationToken), cancellationToken);
        return [.. rows.Select(row => row.ToHealth())];
    }
}
