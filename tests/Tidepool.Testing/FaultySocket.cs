using System.Net.Sockets;
using System.Text;

namespace Tidepool.Testing;

/// <summary>What befalls one request between client and server.</summary>
public enum SeamFault
{
    None,

    /// <summary>The connection is closed before anything is heard.</summary>
    Refused,

    /// <summary>Nothing is passed on, and nothing comes back.</summary>
    Hanging,

    /// <summary>All goes well, late.</summary>
    Slow,

    /// <summary>It is done, and the answer is lost.</summary>
    AnswerLost,

    /// <summary>It is done, and the connection ends in the middle of the answer.</summary>
    AnswerCut,

    /// <summary>Something that is not what its header says.</summary>
    Garbage,

    /// <summary>A page, from a proxy in between.</summary>
    ErrorPage,

    /// <summary>Well-formed, and not what was asked for.</summary>
    WrongShape,

    /// <summary>An answer that does not end.</summary>
    Endless,
}

/// <summary>
/// Stands between a client and a daemon's Unix socket, takes one request a connection, and injects the fault that a test chose. What
/// is passed on goes to the real daemon.
/// </summary>
public sealed class FaultySocket : IAsyncDisposable
{
    /// <summary>All that there are but none at all.</summary>
    public static readonly IReadOnlyList<SeamFault> Faults = [.. Enum.GetValues<SeamFault>().Where(fault => fault != SeamFault.None)];

    private static readonly TimeSpan SlowBy = TimeSpan.FromMilliseconds(700);
    private const int EndlessMiB = 400;
    private readonly CancellationTokenSource ending = new();
    private readonly string directory = Directory.CreateTempSubdirectory("tp-seam-").FullName;
    private readonly string target;
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Task accepting;

    /// <param name="target">The real socket.</param>
    /// <param name="path">Where to stand; null for a place of its own.</param>
    public FaultySocket(string target, string? path = null)
    {
        this.target = target;
        Path = path ?? System.IO.Path.Combine(directory, "seam.sock");
        listener.Bind(new UnixDomainSocketEndPoint(Path));
        listener.Listen(64);
        accepting = AcceptAsync();
    }

    public string Path { get; }

    /// <summary>What befalls the next request.</summary>
    public Func<SeamFault> Next { get; set; } = () => SeamFault.None;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        await accepting;
        ending.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await listener.AcceptAsync(ending.Token)));
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(Socket accepted)
    {
        await using var client = new NetworkStream(accepted, ownsSocket: true);
        try
        {
            var fault = Next();
            if (fault == SeamFault.Refused)
            {
                return;
            }

            var head = await ReadHeadAsync(client);
            if (head.Length > 0)
            {
                await BefallAsync(fault, client, head);
            }
        }
        catch (Exception ended) when (ended is IOException or SocketException or OperationCanceledException)
        {
            // One of the two has gone, which ends it for both.
        }
    }

    private async Task BefallAsync(SeamFault fault, NetworkStream client, byte[] head)
    {
        switch (fault)
        {
            case SeamFault.Hanging:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ending.Token);
                break;
            case SeamFault.Garbage:
                await AnswerAsync(client, "200 OK", "application/json", """{"type":"sync","metadata":{"na""");
                break;
            case SeamFault.ErrorPage:
                await AnswerAsync(client, "502 Bad Gateway", "text/html", "<html><body>Bad gateway</body></html>");
                break;
            case SeamFault.WrongShape:
                await AnswerAsync(client, "200 OK", "application/json", """{"type":"sync","metadata":[7,{"name":null}]}""");
                break;
            case SeamFault.Endless:
                await client.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n["), ending.Token);
                var filler = Encoding.ASCII.GetBytes(new string('1', 1 << 20));
                for (var sent = 0; sent < EndlessMiB; sent++)
                {
                    await client.WriteAsync(filler, ending.Token);
                }

                break;
            case SeamFault.Slow:
                await Task.Delay(SlowBy, TimeProvider.System, ending.Token);
                await PassAsync(client, head, answer => client.WriteAsync(answer, ending.Token).AsTask());
                break;
            default:
                await PassAsync(client, head, answer => fault switch
                {
                    SeamFault.AnswerLost => Task.CompletedTask,
                    SeamFault.AnswerCut => client.WriteAsync(answer.AsMemory(0, answer.Length / 2), ending.Token).AsTask(),
                    _ => client.WriteAsync(answer, ending.Token).AsTask(),
                });
                break;
        }
    }

    /// <summary>Asks the real one, and has its whole answer handled.</summary>
    private async Task PassAsync(NetworkStream client, byte[] head, Func<byte[], Task> handle)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(target), ending.Token);
        await using var daemon = new NetworkStream(socket);
        await daemon.WriteAsync(head, ending.Token);
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        var passing = client.CopyToAsync(daemon, answered.Token);
        var answer = new MemoryStream();
        await daemon.CopyToAsync(answer, ending.Token);
        await answered.CancelAsync();
        await Task.WhenAny(passing);
        await handle(answer.ToArray());
    }

    /// <summary>The request's head and whatever came with it, marked as the last of its connection.</summary>
    private async Task<byte[]> ReadHeadAsync(NetworkStream client)
    {
        var read = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var length = await client.ReadAsync(buffer, ending.Token);
            read.Write(buffer, 0, length);
            var bytes = read.ToArray();
            if (length == 0)
            {
                return [];
            }

            if (bytes.AsSpan().IndexOf("\r\n\r\n"u8) >= 0)
            {
                var line = bytes.AsSpan().IndexOf("\r\n"u8) + 2;
                return [.. bytes[..line], .. "Connection: close\r\n"u8, .. bytes[line..]];
            }
        }
    }

    private Task AnswerAsync(NetworkStream client, string status, string type, string body) => client.WriteAsync(
        Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), ending.Token).AsTask();
}
