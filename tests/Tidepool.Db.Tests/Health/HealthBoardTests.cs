using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Health;

namespace Tidepool.Db.Tests.Health;

public sealed class HealthBoardTests : IAsyncDisposable
{
    private readonly TestDatabase database = new(TimeProvider.System);

    [Fact]
    public async Task The_last_report_of_each_part_is_read_in_another_process()
    {
        var worker = (await database.StartProcessAsync()).GetRequiredService<IHealthBoard>();
        var server = (await database.StartProcessAsync()).GetRequiredService<IHealthBoard>();
        Assert.Empty(await server.ReadAsync(default));

        var at = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await worker.ReportAsync(new ComponentHealth("worker", true, null, at), default);
        await worker.ReportAsync(new ComponentHealth("caddy", true, null, at), default);
        await worker.ReportAsync(new ComponentHealth("caddy", false, "It does not answer.", at.AddSeconds(5)), default);

        Assert.Equal(
            [new ComponentHealth("caddy", false, "It does not answer.", at.AddSeconds(5)), new ComponentHealth("worker", true, null, at)],
            await server.ReadAsync(default));
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
