using System.Net.WebSockets;

namespace Tidepool.EndToEnd.Tests;

/// <summary>The WebSocket that the editor itself opens, the management connection of its workbench, held open and listened to.</summary>
internal sealed class EditorSocket : IDisposable
{
    private readonly ClientWebSocket socket = new();
    private readonly CancellationTokenSource ending = new();
    private Task reading = Task.CompletedTask;

    private EditorSocket()
    {
    }

    /// <summary>Whether it is still open.</summary>
    public bool IsOpen => socket.State == WebSocketState.Open && !reading.IsCompleted;

    public static async Task<EditorSocket> ConnectAsync(RunningTidepool tidepool, string workspace)
    {
        var editor = new EditorSocket();
        editor.socket.Options.SetRequestHeader("Authorization", "Basic " + RunningTidepool.Credentials(RunningTidepool.Password));
        editor.socket.Options.SetRequestHeader("Origin", $"http://localhost:{tidepool.WorkspacePort}");
        var uri = new Uri($"ws://localhost:{tidepool.WorkspacePort}/workspace/{workspace}/?reconnectionToken={Guid.NewGuid()}&reconnection=false&skipWebSocketFrames=false");
        await editor.socket.ConnectAsync(uri, TestContext.Current.CancellationToken);
        editor.reading = editor.ReadAsync();
        return editor;
    }

    public void Dispose()
    {
        ending.Cancel();
        socket.Abort();
        socket.Dispose();
        ending.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while ((await socket.ReceiveAsync(buffer, ending.Token)).MessageType != WebSocketMessageType.Close)
            {
                // Whatever it says, it is alive.
            }
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut off, or let go.
        }
    }
}
