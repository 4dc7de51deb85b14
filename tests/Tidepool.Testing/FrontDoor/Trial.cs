using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Tidepool.Testing.FrontDoor;

/// <summary>Asks every operation in every spelling, and reports every answer but a refusal.</summary>
public sealed class Trial(Func<CancellationToken, Task<Socket>> connect, Spellings spellings, int seed)
{
    private const int AtOnce = 8;

    /// <summary>A hole lets hundreds in, and what is behind it should not be asked to make more of them than a failure needs.</summary>
    private const int EnoughToFail = 300;

    /// <summary>What a client without a password may get.</summary>
    private static readonly int[] Refusals = [400, 401, 404, 405, 421, 431];

    /// <summary>What a parser of HTTP says of a request that it cannot read, before any part of ours sees it: its end, its size, its coding, its version.</summary>
    private static readonly int[] Unreadable = [408, 411, 413, 414, 501, 505];

    private readonly ConcurrentDictionary<int, int> statuses = new();
    private readonly ConcurrentQueue<string> letIn = new();
    private int asked;

    /// <summary>How many requests were sent.</summary>
    public int Asked => asked;

    /// <summary>The spellings that were not refused, with what was answered.</summary>
    public IReadOnlyCollection<string> LetIn => letIn;

    /// <summary>
    /// The whole list of what is open: the health, without its details, and that this is all the answer says. (A HEAD has no body; it
    /// is open by the one path.)
    /// </summary>
    public static bool IsOpen(WireRequest request, WireAnswer answer) =>
        answer.Status is 200 or 503
        && (request.Text.StartsWith("HEAD /api/health ", StringComparison.OrdinalIgnoreCase) || IsHealthWithoutDetails(answer.Body));

    /// <summary>Sends all spellings of all operations, and as many by chance. <paramref name="isOpen"/> says which answers are none of a refusal and right.</summary>
    public async Task RunAsync(IReadOnlyList<Operation> operations, int byChance, Func<WireRequest, WireAnswer, bool> isOpen, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        var chance = Enumerable.Range(0, byChance).Select(_ => operations[random.Next(operations.Count)]).Select(o => (o, spellings.Random(o, random)));
        var all = operations.SelectMany(operation => spellings.Of(operation).Select(request => (operation, request))).Concat(chance);
        await Parallel.ForEachAsync(all.Chunk(64), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (chunk, token) =>
        {
            await using var connection = new RawConnection(connect);
            foreach (var (operation, request) in chunk)
            {
                if (letIn.Count >= EnoughToFail)
                {
                    return;
                }

                Interlocked.Increment(ref asked);
                var answers = await connection.AskAsync(request, token);
                foreach (var answer in answers)
                {
                    statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
                    if (!Refusals.Contains(answer.Status) && !Unreadable.Contains(answer.Status) && !isOpen(request, answer))
                    {
                        letIn.Enqueue($"{operation}, {request.Name}: {answer.Status} {Shown(answer.Body)}");
                    }
                }

                if (answers.Count == 0)
                {
                    statuses.AddOrUpdate(0, 1, (_, count) => count + 1);
                }
            }
        });
    }

    /// <summary>Asks in HTTP/2 without TLS as well. A side that does not speak it refuses the connection.</summary>
    public async Task RunHttp2Async(int port, IReadOnlyList<Operation> operations, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectCallback = async (_, token) => new NetworkStream(await connect(token), ownsSocket: true) });
        foreach (var operation in operations)
        {
            foreach (var path in spellings.Plain(operation))
            {
                using var request = new HttpRequestMessage(new HttpMethod(operation.Method), new Uri($"http://localhost:{port}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
                {
                    Version = HttpVersion.Version20,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                    Content = operation.Body is { } body ? new StringContent(body, null, "application/json") : null,
                };
                Interlocked.Increment(ref asked);
                try
                {
                    using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                    var status = (int)response.StatusCode;
                    statuses.AddOrUpdate(status, 1, (_, count) => count + 1);
                    if (!Refusals.Contains(status) && !IsHealthWithoutDetails(await response.Content.ReadAsStringAsync(cancellationToken)))
                    {
                        letIn.Enqueue($"{operation}, HTTP/2, {path}: {status}");
                    }
                }
                catch (HttpRequestException)
                {
                    // Not a word of HTTP/2 is spoken here, so no path in it can be either.
                    return;
                }
            }
        }
    }

    public override string ToString() =>
        $"{Asked} requests, seed {seed}; answered: {string.Join(", ", statuses.OrderBy(s => s.Key).Select(s => $"{(s.Key == 0 ? "closed" : s.Key)} {s.Value}"))}; let in: {LetIn.Count}";

    /// <summary>For a failure: how many, and the first of each operation's.</summary>
    public string Report() => $"{this}\n{string.Join('\n', LetIn.GroupBy(line => line.Split(',')[0]).SelectMany(group => group.Take(12)))}";

    private static bool IsHealthWithoutDetails(string body)
    {
        try
        {
            using var health = JsonDocument.Parse(body);
            return health.RootElement.ValueKind == JsonValueKind.Object
                && health.RootElement.EnumerateObject().All(p => p.Name is "status" or "components")
                && health.RootElement.GetProperty("components").EnumerateArray().All(c => !c.TryGetProperty("detail", out var detail) || detail.ValueKind == JsonValueKind.Null);
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string Shown(string body) => (body.Length > 80 ? body[..80] + "…" : body).ReplaceLineEndings(" ").Replace('\0', ' ');
}
