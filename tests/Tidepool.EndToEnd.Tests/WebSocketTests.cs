using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests;

[Collection(WholeTidepool.Name)]
public sealed class WebSocketTests(RunningTidepool tidepool)
{
    private const int Sockets = 20;
    private const int Cycles = 25;
    private const int AtOnce = 3;

    [Fact]
    public async Task Twenty_stay_open_over_a_hundred_changes_of_other_workspaces()
    {
        await tidepool.CreateAsync("anchor");
        await tidepool.UntilAsync("anchor", WorkspaceStatus.Running);
        var sockets = await Task.WhenAll(Enumerable.Range(0, Sockets).Select(_ => EditorSocket.ConnectAsync(tidepool, "anchor")));
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Cycles),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken },
            async (cycle, _) =>
            {
                var name = $"passing-{cycle}";
                await tidepool.CreateAsync(name);
                await tidepool.UntilAsync(name, WorkspaceStatus.Running);
                await tidepool.Api.StopAsync(name, CancellationToken.None);
                await tidepool.UntilAsync(name, WorkspaceStatus.Stopped);
                await tidepool.Api.StartAsync(name, CancellationToken.None);
                await tidepool.UntilAsync(name, WorkspaceStatus.Running);
                await tidepool.RemoveAsync(name);
            });

        Assert.All(sockets, socket => Assert.True(socket.IsOpen, "A WebSocket was closed."));
        foreach (var socket in sockets)
        {
            socket.Dispose();
        }

        await tidepool.RemoveAsync("anchor");
    }
}
