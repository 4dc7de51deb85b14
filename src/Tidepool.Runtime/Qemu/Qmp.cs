using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tidepool.Runtime.Qemu;

/// <summary>One conversation with a machine's QEMU, over its monitor's socket. QEMU talks to one at a time; the next one waits.</summary>
internal sealed class Qmp : IAsyncDisposable
{
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly Socket socket;
    private readonly NetworkStream stream;
    private readonly StreamReader reader;

    private Qmp(Socket socket)
    {
        this.socket = socket;
        stream = new NetworkStream(socket, ownsSocket: false);
        reader = new StreamReader(stream, Encoding.UTF8);
    }

    /// <param name="path">The socket, which lies where the machine's own user may put anything.</param>
    /// <param name="user">Who must be at its other end.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="QmpException">Nobody answers there, or somebody else.</exception>
    public static async Task<Qmp> ConnectAsync(string path, uint user, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        Qmp? qmp = null;
        try
        {
            await WithinAsync(
                async token =>
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                    if (PeerOf(socket) != user)
                    {
                        throw new QmpException("Somebody else listens in its place.");
                    }

                    qmp = new Qmp(socket);
                    await qmp.ReadAsync(token);
                    await qmp.SayAsync("qmp_capabilities", null, token);
                },
                cancellationToken);
            return qmp!;
        }
        catch
        {
            if (qmp is not null)
            {
                await qmp.DisposeAsync();
            }

            socket.Dispose();
            throw;
        }
    }

    /// <summary>What it answered with.</summary>
    /// <exception cref="QmpException">It refused or did not answer.</exception>
    public Task<JsonElement> ExecuteAsync(string command, CancellationToken cancellationToken) => ExecuteAsync(command, null, cancellationToken);

    public async Task<JsonElement> ExecuteAsync(string command, JsonObject? arguments, CancellationToken cancellationToken)
    {
        JsonElement answer = default;
        await WithinAsync(async token => answer = await SayAsync(command, arguments, token), cancellationToken);
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        reader.Dispose();
        await stream.DisposeAsync();
        socket.Dispose();
    }

    private static async Task WithinAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await work(limit.Token);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new QmpException($"It did not answer within {Patience.TotalSeconds:0} seconds.", fault);
        }
        catch (Exception fault) when (fault is SocketException or IOException or JsonException)
        {
            throw new QmpException(fault.Message, fault);
        }
    }

    private async Task<JsonElement> SayAsync(string command, JsonObject? arguments, CancellationToken cancellationToken)
    {
        var said = new JsonObject { ["execute"] = command };
        if (arguments is not null)
        {
            said["arguments"] = arguments;
        }

        await stream.WriteAsync(Encoding.UTF8.GetBytes(said.ToJsonString() + "\n"), cancellationToken);
        while (true)
        {
            var heard = await ReadAsync(cancellationToken);
            if (heard.TryGetProperty("return", out var answer))
            {
                return answer;
            }

            if (heard.TryGetProperty("error", out var error))
            {
                throw new QmpException(error.GetProperty("desc").GetString() ?? "It refused.");
            }

            // What is left are events, which come at any time.
        }
    }

    private async Task<JsonElement> ReadAsync(CancellationToken cancellationToken)
    {
        var line = await reader.ReadLineAsync(cancellationToken) ?? throw new QmpException("It hung up.");
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }

    private static uint PeerOf(Socket socket)
    {
        Span<uint> credentials = stackalloc uint[3];
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, MemoryMarshal.AsBytes(credentials));
        return credentials[1];
    }
}
