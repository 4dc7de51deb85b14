using System.Net.WebSockets;
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
        var sockets = await Task.WhenAll(Enumerable.Range(0, Sockets).Select(_ => ConnectAsync()));
        using var watching = new CancellationTokenSource();
        var reading = sockets.Select(socket => ReadUntilClosedAsync(socket, watching.Token)).ToArray();

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

        Assert.All(reading, task => Assert.False(task.IsCompleted, "A WebSocket was closed."));
        Assert.All(sockets, socket => Assert.Equal(WebSocketState.Open, socket.State));
        await watching.CancelAsync();
        foreach (var socket in sockets)
        {
            socket.Abort();
            socket.Dispose();
        }

        await tidepool.RemoveAsync("anchor");
    }

    /// <summary>The socket that the editor itself opens: the management connection of the workbench.</summary>
    private async Task<ClientWebSocket> ConnectAsync()
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Basic " + RunningTidepool.Credentials(RunningTidepool.Password));
        socket.Options.SetRequestHeader("Origin", $"http://localhost:{tidepool.WorkspacePort}");
        var token = Guid.NewGuid();
        var uri = new Uri($"ws://localhost:{tidepool.WorkspacePort}/workspace/anchor/?reconnectionToken={token}&reconnection=false&skipWebSocketFrames=false");
        await socket.ConnectAsync(uri, TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task ReadUntilClosedAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if ((await socket.ReceiveAsync(buffer, cancellationToken)).MessageType == WebSocketMessageType.Close)
                {
                    return;
                }
            }
            catch (WebSocketException)
            {
                return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
