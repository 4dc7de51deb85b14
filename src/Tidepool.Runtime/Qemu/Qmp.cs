using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tidepool.Host.Files;
using Tidepool.Host.Sockets;

namespace Tidepool.Runtime.Qemu;

/// <summary>
/// One conversation with a machine's QEMU, over its monitor's socket. QEMU talks to one at a time; the next one waits. A guest may
/// have taken QEMU over, so whatever comes from there costs bounded time and memory, and ends in an answer or a <see cref="QmpException"/>.
/// </summary>
internal sealed class Qmp : IDisposable
{
    private const int MaxLine = 64 * 1024;
    private const int MaxWords = 200;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private readonly Socket socket;
    private readonly TimeProvider time;
    private readonly byte[] heard = new byte[MaxLine];
    private int length;

    private Qmp(Socket socket, TimeProvider time)
    {
        this.socket = socket;
        this.time = time;
    }

    /// <param name="path">The socket, which lies where the machine's own user may put anything.</param>
    /// <param name="user">The user that must be at its other end.</param>
    /// <param name="time">The clock of the timeout.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="QmpException">Nothing answers there, or a process of another user.</exception>
    public static async Task<Qmp> ConnectAsync(string path, uint user, TimeProvider time, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            var qmp = new Qmp(socket, time);
            await qmp.WithinAsync(
                async token =>
                {
                    // A link there would redirect root to another program's socket.
                    using var file = ForeignFile.OpenSocket(path);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint($"/proc/self/fd/{file.DangerousGetHandle()}"), token);
                    if (PeerUser.Of(socket) != user)
                    {
                        throw new QmpException("A process of another user listens in its place.");
                    }

                    await qmp.ReadAsync(token);
                    return await qmp.SayAsync("qmp_capabilities", token);
                },
                cancellationToken);
            return qmp;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What it answered with.</summary>
    /// <exception cref="QmpException">It refused or did not answer.</exception>
    public Task<JsonElement> ExecuteAsync(string command, CancellationToken cancellationToken) =>
        WithinAsync(token => SayAsync(command, token), cancellationToken);

    /// <summary>What the machine is in, by QEMU's name for it.</summary>
    /// <exception cref="QmpException">It refused or did not answer.</exception>
    public Task<string> StatusAsync(CancellationToken cancellationToken) =>
        WithinAsync(async token => TextOf(await SayAsync("query-status", token), "status"), cancellationToken);

    public void Dispose() => socket.Dispose();

    private async Task<T> WithinAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await work(limit.Token);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new QmpException($"It did not answer within {Timeout.TotalSeconds:0} seconds.", fault);
        }
        catch (Exception fault) when (fault is SocketException or IOException or JsonException or InvalidOperationException)
        {
            // The last is what text that is no Unicode ends in.
            throw new QmpException(Plain(fault.Message), fault);
        }
    }

    private async Task<JsonElement> SayAsync(string command, CancellationToken cancellationToken)
    {
        var said = new JsonObject { ["execute"] = command };
        ReadOnlyMemory<byte> rest = Encoding.UTF8.GetBytes(said.ToJsonString() + "\n");
        while (!rest.IsEmpty)
        {
            rest = rest[await socket.SendAsync(rest, cancellationToken)..];
        }

        while (true)
        {
            var answer = await ReadAsync(cancellationToken);
            if (answer.TryGetProperty("return", out var data))
            {
                return data;
            }

            if (answer.TryGetProperty("error", out var error))
            {
                throw new QmpException(Plain(TextOf(error, "desc")));
            }

            // What is left are events, which come at any time.
        }
    }

    /// <summary>The next line, which is one JSON object.</summary>
    private async Task<JsonElement> ReadAsync(CancellationToken cancellationToken)
    {
        int end;
        while ((end = heard.AsSpan(0, length).IndexOf((byte)'\n')) < 0)
        {
            if (length == MaxLine)
            {
                throw new QmpException($"It sent a line of more than {MaxLine} bytes.");
            }

            var count = await socket.ReceiveAsync(heard.AsMemory(length), cancellationToken);
            length += count > 0 ? count : throw new QmpException("It hung up.");
        }

        // Lines that came together are read without a wait, so the timeout is not checked.
        cancellationToken.ThrowIfCancellationRequested();
        using var document = JsonDocument.Parse(heard.AsMemory(0, end));
        var line = document.RootElement.Clone();
        heard.AsSpan((end + 1)..length).CopyTo(heard);
        length -= end + 1;
        return line.ValueKind == JsonValueKind.Object ? line : throw new QmpException("It sent something that is no message.");
    }

    private static string TextOf(JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new QmpException($"Its answer has no \"{name}\".");

    /// <summary>What a person may be shown of it.</summary>
    private static string Plain(string words) =>
        string.Concat(words.Take(MaxWords).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '?' : letter));
}
