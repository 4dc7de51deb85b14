using Tidepool.Core.Workspaces;
using Tidepool.Testing.StandIns;

namespace Tidepool.Worker.Tests;

/// <summary>The whole worker while the clock is set: nothing waits longer than it should, and nothing is made twice.</summary>
public sealed class ClockTests : IAsyncLifetime
{
    private readonly WholeWorker worker = new();

    public async ValueTask InitializeAsync() => await worker.StartAsync();

    public ValueTask DisposeAsync() => worker.DisposeAsync();

    [Fact]
    public async Task A_clock_that_is_set_an_hour_forward_and_back_stops_nothing()
    {
        var workspace = await worker.CreateAsync("demo");
        await worker.UntilAsync(workspace, WorkspaceStatus.Running);
        foreach (var hours in new[] { 1, -1, 2, -2 })
        {
            await worker.StopAsync(workspace);
            worker.Clock.Set(TimeSpan.FromHours(hours));
            await worker.UntilAsync(workspace, WorkspaceStatus.Stopped);

            // In the middle of what takes a while, with a back-off before it is tried again.
            worker.Incus.Behaves = Misbehaviours.Only(r => r.Method == "PUT", Misbehaviours.Refuses(503, "Busy"));
            await worker.StartAsync(workspace);
            await worker.PassAsync(TimeSpan.FromSeconds(3));
            worker.Clock.Set(TimeSpan.FromHours(-hours));
            await worker.PassAsync(TimeSpan.FromSeconds(3));
            worker.Clock.Set(TimeSpan.FromHours(hours));
            worker.Incus.Behaves = Misbehaviours.Not;
            await worker.UntilAsync(workspace, WorkspaceStatus.Running);
            await worker.UntilAsync("the runtime is reported as up", async () => await worker.IsReportedAsync("runtime", true));
        }

        Assert.Equal(1, worker.Incus.Made);
        await worker.DeleteAsync(workspace);
        await worker.UntilGoneAsync(workspace);
    }
}
