using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Tidepool.Host.Sockets;

namespace Tidepool.Runtime.Incus;

/// <summary>
/// Incus's REST API over its Unix socket. Background operations are waited for, but never held as truth: their rows vanish when
/// the daemon restarts, so the caller checks the result itself.
/// </summary>
internal sealed class IncusClient : IDisposable
{
    /// <summary>More than a thousand machines take in a list.</summary>
    private const long MaxAnswerBytes = 16L << 20;

    /// <summary>
    /// More than one machine takes with its state. A guest's root can give itself any number of addresses, which are all in the state.
    /// </summary>
    private const long MaxStateBytes = 1L << 20;

    private const string OperationGone = "Operation not found";

    private readonly HttpClient http;
    private readonly string socketPath;
    private readonly TimeProvider time;

    public IncusClient(IOptions<IncusOptions> options, TimeProvider time)
    {
        this.time = time;
        socketPath = options.Value.Socket;
        Project = options.Value.Project;
        CallTimeout = options.Value.CallTimeout;
        var handler = UnixHttp.Handler(socketPath);
        handler.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30);
        http = new HttpClient(handler)
        {
            BaseAddress = new Uri("http://incus/"),
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
    }

    private string Project { get; }

    private TimeSpan CallTimeout { get; }

    /// <summary>The answer's metadata, or null where there is no such thing. A project that is missing is no such answer: nothing is known then.</summary>
    public async Task<JsonElement?> FindAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(path, cancellationToken);
        }
        catch (IncusException fault) when (fault.Status == 404 && (IsProject(path) || !fault.Message.Contains("project not found", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }
    }

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        CallAsync(HttpMethod.Get, path, null, CallTimeout, cancellationToken);

    /// <summary>A machine with its state, in which its guest has a say.</summary>
    /// <exception cref="AnswerTooLargeException">It is larger than any honest guest makes it.</exception>
    public Task<JsonElement> GetStateAsync(string path, CancellationToken cancellationToken) =>
        CallAsync(HttpMethod.Get, path + "?recursion=1", null, CallTimeout, cancellationToken, MaxStateBytes);

    /// <summary>
    /// Changes something at once, or begins to and waits for <paramref name="timeout"/> until it is done. False if the daemon has
    /// forgotten what it began: then whether it was done is unknown.
    /// </summary>
    public async Task<bool> ChangeAsync(HttpMethod method, string path, JsonNode? body, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return await CompleteAsync(await CallAsync(method, path, content, CallTimeout, cancellationToken), timeout, cancellationToken);
    }

    /// <summary>Uploads, and waits until the daemon has taken it in. False as above.</summary>
    public async Task<bool> UploadAsync(string path, HttpContent content, TimeSpan timeout, CancellationToken cancellationToken) =>
        await CompleteAsync(await CallAsync(HttpMethod.Post, path, content, timeout, cancellationToken), timeout, cancellationToken);

    /// <summary>The end of a file such as a console's log, and how long it is as a whole; empty where there is none.</summary>
    public async Task<(byte[] End, long Length)> ReadEndAsync(string path, int maxBytes, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(CallTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await http.GetAsync(InProject(path), HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (!response.IsSuccessStatusCode)
            {
                return ([], 0);
            }

            await using var stream = await response.Content.ReadAsStreamAsync(limit.Token);
            return await EndOfStream.ReadAsync(stream, maxBytes, limit.Token);
        }
        catch (Exception fault) when (IsTransport(fault, cancellationToken))
        {
            throw IncusFaults.Unreachable(socketPath, fault);
        }
        catch (Exception fault) when (IsNonsense(fault))
        {
            throw IncusFaults.NotUnderstood(fault);
        }
    }

    /// <summary>
    /// Waits for a background operation. Its failure has the status code of what failed, so only the message distinguishes a missing
    /// machine from a missing operation. False if the operation is gone: it has ended, and how is unknown.
    /// </summary>
    public async Task<bool> WaitAsync(string operation, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var seconds = (int)Math.Ceiling(timeout.TotalSeconds);
        JsonElement ended;
        try
        {
            ended = await CallAsync(HttpMethod.Get, $"{operation}/wait?timeout={seconds}", null, timeout + CallTimeout, cancellationToken);
        }
        catch (IncusException fault) when (fault is { Status: 404, Message: OperationGone })
        {
            return false;
        }

        switch (ended.GetProperty("status_code").GetInt32())
        {
            case 200:
                return true;
            case 400 or 401:
                throw new IncusException(400, ended.GetProperty("err").GetString() ?? "It failed without a reason.");
            default:
                throw IncusFaults.TooSlow(ended.GetProperty("description").GetString() ?? "The operation");
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<bool> CompleteAsync(JsonElement answer, TimeSpan timeout, CancellationToken cancellationToken) =>
        answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("class", out _) || !answer.TryGetProperty("id", out var id)
        || await WaitAsync($"1.0/operations/{id.GetString()}", timeout, cancellationToken);

    private async Task<JsonElement> CallAsync(HttpMethod method, string path, HttpContent? content, TimeSpan timeout, CancellationToken cancellationToken, long mostBytes = MaxAnswerBytes)
    {
        using var enough = new CancellationTokenSource(timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(method, InProject(path)) { Content = content };
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            await response.Content.LoadIntoBufferAsync(mostBytes, limit.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(limit.Token);
            using var document = await JsonDocument.ParseAsync(stream, default, limit.Token);
            var root = document.RootElement;
            return root.GetProperty("type").GetString() == "error"
                ? throw new IncusException(root.GetProperty("error_code").GetInt32(), root.GetProperty("error").GetString() ?? "")
                : root.GetProperty("metadata").Clone();
        }
        catch (HttpRequestException fault) when (fault.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded && mostBytes < MaxAnswerBytes)
        {
            throw new AnswerTooLargeException(fault);
        }
        catch (Exception fault) when (IsTransport(fault, cancellationToken))
        {
            throw IncusFaults.Unreachable(socketPath, fault);
        }
        catch (Exception fault) when (IsNonsense(fault))
        {
            throw IncusFaults.NotUnderstood(fault);
        }
    }

    /// <summary>Everything is asked of our project but the projects themselves: ours may have to be made yet.</summary>
    private Uri InProject(string path) => new(
        IsProject(path) ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}project={Project}",
        UriKind.Relative);

    private static bool IsProject(string path) => path.StartsWith("1.0/projects", StringComparison.Ordinal);

    private static bool IsTransport(Exception fault, CancellationToken cancellationToken) =>
        fault is HttpRequestException { HttpRequestError: not HttpRequestError.ConfigurationLimitExceeded } or IOException or SocketException
        || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    /// <summary>An endless answer, one that is not JSON, or one of the wrong shape.</summary>
    private static bool IsNonsense(Exception fault) =>
        fault is HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }
            or JsonException or KeyNotFoundException or InvalidOperationException or FormatException;
}

/// <summary>An answer in which a guest has a say is too large to be kept. Never leaves the adapter.</summary>
internal sealed class AnswerTooLargeException(Exception inner) : Exception("Incus's answer is too large.", inner);
