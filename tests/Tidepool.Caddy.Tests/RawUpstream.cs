using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tidepool.Caddy.Tests;

/// <summary>A program in a workspace that answers whatever bytes it likes, as no web server would write them.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly string answer;
    private readonly Task serving;

    /// <param name="address">Where it listens.</param>
    /// <param name="port">Its port.</param>
    /// <param name="answer">What each connection gets once a request's head has come.</param>
    public RawUpstream(IPAddress address, int port, string answer)
    {
        this.answer = answer;
        listener = new TcpListener(address, port);
        listener.Start();
        serving = ServeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var stream = client.GetStream();
            try
            {
                await ReadHeadAsync(stream);
                await stream.WriteAsync(Encoding.Latin1.GetBytes(answer));
                client.Client.Shutdown(SocketShutdown.Send);

                // Until Caddy has taken everything: closing with something unread would cut the answer short.
                await stream.CopyToAsync(Stream.Null);
            }
            catch (IOException)
            {
                // Caddy ended the connection; the test sees what its client got.
            }
        }
    }

    private static async Task ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) == 1)
        {
            head.Append((char)one[0]);
        }
    }
}
