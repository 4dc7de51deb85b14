using System.Net.Sockets;
using System.Text;

namespace Tidepool.Testing.FrontDoor;

/// <summary>What came back: the status, and as much of the rest as there was.</summary>
public sealed record WireAnswer(int Status, string Head, string Body);

/// <summary>HTTP/1.1 written by hand, on one connection for as long as the other side keeps it.</summary>
public sealed class RawConnection(Func<CancellationToken, Task<Socket>> connect) : IAsyncDisposable
{
    /// <summary>How long an answer may take before the other side counts as silent: it waits for more of a request that lied about its end.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    private const int Enough = 64 * 1024;
    private readonly byte[] buffer = new byte[Enough];
    private Socket? socket;
    private string pending = "";

    /// <summary>Every answer to what was sent, informational ones left out. None where the connection was closed without one.</summary>
    public async Task<IReadOnlyList<WireAnswer>> AskAsync(WireRequest request, CancellationToken cancellationToken)
    {
        if (request.Alone)
        {
            Close();
        }

        var reused = socket is not null;
        var answers = await TryAsync(request, cancellationToken);
        if (answers.Count == 0 && reused)
        {
            // The connection may have ended with the request before.
            answers = await TryAsync(request, cancellationToken);
        }

        return answers;
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private async Task<List<WireAnswer>> TryAsync(WireRequest request, CancellationToken cancellationToken)
    {
        var answers = new List<WireAnswer>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            socket ??= await connect(cancellationToken);
            limit.CancelAfter(Silence);
            var sending = SendAsync(Encoding.Latin1.GetBytes(request.Text), limit.Token);
            var head = request.Text.StartsWith("HEAD ", StringComparison.Ordinal);
            while (await ReadAsync(head, limit.Token) is { } answer)
            {
                answers.Add(answer);
                if (!request.Alone)
                {
                    break;
                }
            }

            await sending;
        }
        catch (Exception fault) when (fault is SocketException or IOException or OperationCanceledException or FormatException && !cancellationToken.IsCancellationRequested)
        {
            Close();
        }

        if (request.Alone || answers.Count == 0 || answers[^1].Status is < 300 or 408)
        {
            Close();
        }

        return answers;
    }

    /// <summary>The other side may have answered and closed before it took all.</summary>
    private async Task SendAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await socket!.SendAsync(bytes.AsMemory(sent), SocketFlags.None, cancellationToken);
            }
        }
        catch (SocketException)
        {
            // What it said is still there to be read, or it said nothing.
        }
    }

    private async Task<WireAnswer?> ReadAsync(bool head, CancellationToken cancellationToken)
    {
        while (true)
        {
            int end;
            while ((end = pending.IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
            {
                if (!await MoreAsync(cancellationToken))
                {
                    if (pending.Length > 0 && !pending.StartsWith("HTTP/1.", StringComparison.Ordinal))
                    {
                        // HTTP/0.9, or another protocol: it has no status, and is an answer nonetheless.
                        return new(0, "", Take(pending.Length));
                    }

                    return null;
                }
            }

            var lines = Take(end + 4);
            var status = int.Parse(lines.AsSpan(lines.IndexOf(' ', StringComparison.Ordinal) + 1, 3));
            if (status is >= 100 and < 200 and not 101)
            {
                continue;
            }

            return new(status, lines, head || status is 101 or 204 or 304 ? "" : await BodyAsync(lines, status, cancellationToken));
        }
    }

    private async Task<string> BodyAsync(string head, int status, CancellationToken cancellationToken)
    {
        if (Header(head, "Content-Length") is { } length)
        {
            var wanted = int.Parse(length);
            while (pending.Length < wanted && await MoreAsync(cancellationToken))
            {
            }

            return Take(Math.Min(wanted, pending.Length));
        }

        var chunked = Header(head, "Transfer-Encoding") == "chunked";
        if (status == 200 && Header(head, "Content-Type")?.StartsWith("text/event-stream", StringComparison.Ordinal) == true)
        {
            return "a stream";
        }

        var body = new StringBuilder();
        while (chunked)
        {
            int end;
            while ((end = pending.IndexOf("\r\n", StringComparison.Ordinal)) < 0)
            {
                if (!await MoreAsync(cancellationToken))
                {
                    return body.ToString();
                }
            }

            var size = Convert.ToInt32(pending[..end], 16);
            while (pending.Length < end + 2 + size + 2 && await MoreAsync(cancellationToken))
            {
            }

            body.Append(Take(Math.Min(end + 2 + size + 2, pending.Length)).AsSpan(end + 2).TrimEnd("\r\n"));
            if (size == 0 || body.Length > Enough)
            {
                return body.ToString();
            }
        }

        while (pending.Length < Enough && await MoreAsync(cancellationToken))
        {
        }

        return Take(pending.Length);
    }

    private async Task<bool> MoreAsync(CancellationToken cancellationToken)
    {
        var count = await socket!.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        pending += Encoding.Latin1.GetString(buffer, 0, count);
        return count > 0;
    }

    private string Take(int count)
    {
        var taken = pending[..count];
        pending = pending[count..];
        return taken;
    }

    private static string? Header(string head, string name) =>
        head.Split("\r\n").FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();

    private void Close()
    {
        socket?.Dispose();
        socket = null;
        pending = "";
    }
}
