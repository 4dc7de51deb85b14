using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tidepool.Contracts;

/// <summary>
/// The API, typed. What the server refuses comes back as <see cref="ApiResult{T}.Problem"/>; a server that cannot be
/// reached throws <see cref="HttpRequestException"/>.
/// </summary>
/// <param name="http">Its base address ends in a slash and has <c>api/</c> below it.</param>
public sealed class TidepoolClient(HttpClient http)
{
    public Task<ApiResult<PageResponse<WorkspaceResponse>>> ListAsync(int limit = 100, string? cursor = null, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Get, $"api/workspaces?limit={limit}{Cursor(cursor)}", TidepoolJson.Default.PageResponseWorkspaceResponse, cancellationToken);

    public Task<ApiResult<WorkspaceResponse>> GetAsync(string idOrName, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Get, Path(idOrName), TidepoolJson.Default.WorkspaceResponse, cancellationToken);

    public async Task<ApiResult<WorkspaceResponse>> CreateAsync(CreateWorkspaceRequest request, CancellationToken cancellationToken = default)
    {
        using var content = JsonContent.Create(request, TidepoolJson.Default.CreateWorkspaceRequest);
        return await SendAsync(HttpMethod.Post, "api/workspaces", TidepoolJson.Default.WorkspaceResponse, cancellationToken, content, repeatable: false);
    }

    /// <summary>A new workspace, with a copy of this one's disk.</summary>
    public async Task<ApiResult<WorkspaceResponse>> CloneAsync(string idOrName, CloneWorkspaceRequest request, CancellationToken cancellationToken = default)
    {
        using var content = JsonContent.Create(request, TidepoolJson.Default.CloneWorkspaceRequest);
        return await SendAsync(HttpMethod.Post, Path(idOrName, "/clone"), TidepoolJson.Default.WorkspaceResponse, cancellationToken, content, repeatable: false);
    }

    public Task<ApiResult<WorkspaceResponse>> StartAsync(string idOrName, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, Path(idOrName, "/start"), TidepoolJson.Default.WorkspaceResponse, cancellationToken);

    public Task<ApiResult<WorkspaceResponse>> StopAsync(string idOrName, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, Path(idOrName, "/stop"), TidepoolJson.Default.WorkspaceResponse, cancellationToken);

    public Task<ApiResult<WorkspaceResponse>> DeleteAsync(string idOrName, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Delete, Path(idOrName), TidepoolJson.Default.WorkspaceResponse, cancellationToken);

    public Task<ApiResult<IReadOnlyList<PortResponse>>> PortsAsync(string idOrName, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Get, Path(idOrName, "/ports"), TidepoolJson.Default.IReadOnlyListPortResponse, cancellationToken);

    /// <summary>Registers a port, or changes its label or its switch.</summary>
    public async Task<ApiResult<PortResponse>> RegisterPortAsync(string idOrName, RegisterPortRequest request, CancellationToken cancellationToken = default)
    {
        using var content = JsonContent.Create(request, TidepoolJson.Default.RegisterPortRequest);
        return await SendAsync(HttpMethod.Post, Path(idOrName, "/ports"), TidepoolJson.Default.PortResponse, cancellationToken, content);
    }

    /// <summary>Unregisters a port; the result has no value when it succeeds.</summary>
    public Task<ApiResult<PortResponse>> UnregisterPortAsync(string idOrName, int port, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Delete, Path(idOrName, $"/ports/{port}"), TidepoolJson.Default.PortResponse, cancellationToken);

    /// <summary>Activity of one workspace, or with null of all, newest first.</summary>
    public Task<ApiResult<PageResponse<ActivityResponse>>> ActivityAsync(
        string? idOrName, int limit = 25, string? cursor = null, CancellationToken cancellationToken = default) =>
        SendAsync(
            HttpMethod.Get,
            $"{(idOrName is null ? "api/activity" : Path(idOrName, "/activity"))}?limit={limit}{Cursor(cursor)}",
            TidepoolJson.Default.PageResponseActivityResponse,
            cancellationToken);

    public Task<ApiResult<IReadOnlyList<ImageResponse>>> ImagesAsync(CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Get, "api/images", TidepoolJson.Default.IReadOnlyListImageResponse, cancellationToken);

    public Task<ApiResult<CapacityResponse>> CapacityAsync(CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Get, "api/capacity", TidepoolJson.Default.CapacityResponse, cancellationToken);

    /// <summary>Health; also when it answers 503.</summary>
    public async Task<HealthResponse?> HealthAsync(CancellationToken cancellationToken = default)
    {
        using var response = await http.GetAsync(new Uri("api/health", UriKind.Relative), cancellationToken);
        return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable
            ? await response.Content.ReadFromJsonAsync(TidepoolJson.Default.HealthResponse, cancellationToken)
            : null;
    }

    /// <summary>The last lines of a workspace's log, oldest first.</summary>
    public async Task<ApiResult<IReadOnlyList<LogLineResponse>>> LogsAsync(string idOrName, int tail = 200, CancellationToken cancellationToken = default)
    {
        var result = await ReadLogAsync(idOrName, null, tail, cancellationToken);
        return new ApiResult<IReadOnlyList<LogLineResponse>>(result.Value?.Lines, result.Problem);
    }

    /// <summary>A workspace's log as it goes on.</summary>
    /// <param name="idOrName">Whose.</param>
    /// <param name="after">The position of the last answer, for what came since; null for the last lines.</param>
    /// <param name="tail">How many, with no position.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public async Task<ApiResult<LogPageResponse>> ReadLogAsync(string idOrName, string? after, int tail = 200, CancellationToken cancellationToken = default)
    {
        var query = after is null ? $"tail={tail}" : "after=" + Uri.EscapeDataString(after);
        using var response = await SendAsync(HttpMethod.Get, $"{Path(idOrName, "/logs")}?{query}", null, repeatable: true, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return new ApiResult<LogPageResponse>(null, await ReadProblemAsync(response, cancellationToken));
        }

        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize(line, TidepoolJson.Default.LogLineResponse)!)
            .ToList();
        var position = response.Headers.TryGetValues(LogPageResponse.PositionHeader, out var values) ? values.FirstOrDefault() : null;
        return new ApiResult<LogPageResponse>(new LogPageResponse(lines, position), null);
    }

    /// <summary>Follows all workspaces until the stream ends. Begin again with the last event's id to miss nothing.</summary>
    public async IAsyncEnumerable<WorkspaceEvent> EventsAsync(string? lastEventId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            yield return Read(item);
        }
    }

    /// <summary>An event that cannot be read counts as a heartbeat: the events after it are still worth reading.</summary>
    private static WorkspaceEvent Read(SseItem<string> item)
    {
        try
        {
            return item.EventType switch
            {
                "workspace" => new WorkspaceEvent(item.EventId, JsonSerializer.Deserialize(item.Data, TidepoolJson.Default.WorkspaceResponse), null),
                "removed" => new WorkspaceEvent(item.EventId, null, JsonSerializer.Deserialize(item.Data, TidepoolJson.Default.RemovedEvent)),
                _ => new WorkspaceEvent(item.EventId, null, null),
            };
        }
        catch (JsonException)
        {
            return new WorkspaceEvent(item.EventId, null, null);
        }
    }

    private static string Path(string idOrName, string rest = "") => $"api/workspaces/{Uri.EscapeDataString(idOrName)}{rest}";

    private static string Cursor(string? cursor) => cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor);

    private async Task<ApiResult<T>> SendAsync<T>(
        HttpMethod method, string path, JsonTypeInfo<T> type, CancellationToken cancellationToken, HttpContent? content = null, bool repeatable = true)
        where T : class
    {
        using var response = await SendAsync(method, path, content, repeatable, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return new ApiResult<T>(null, await ReadProblemAsync(response, cancellationToken));
        }

        var value = response.StatusCode == HttpStatusCode.NoContent ? null : await response.Content.ReadFromJsonAsync(type, cancellationToken);
        return new ApiResult<T>(value, null);
    }

    /// <summary>
    /// Sends once more what got no answer, where doing a thing twice does no more than doing it once: a change of routes makes the
    /// proxy close connections, and a request that is on its way at that moment is lost.
    /// </summary>
    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, bool repeatable, CancellationToken cancellationToken)
    {
        if (repeatable)
        {
            try
            {
                return await SendOnceAsync(method, path, content, cancellationToken);
            }
            catch (HttpRequestException fault) when (fault.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.Unknown)
            {
                // Browsers do not tell what went wrong, hence the unknown.
            }
        }

        return await SendOnceAsync(method, path, content, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = content;
        try
        {
            return await http.SendAsync(request, cancellationToken);
        }
        finally
        {
            // The content is the caller's, who may need it again.
            request.Content = null;
        }
    }

    private static async Task<ProblemResponse> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType is "application/problem+json" or "application/json")
        {
            try
            {
                if (await response.Content.ReadFromJsonAsync(TidepoolJson.Default.ProblemResponse, cancellationToken) is { } problem)
                {
                    return problem;
                }
            }
            catch (JsonException)
            {
                // Something on the way answered in the server's stead; its status is all there is to tell.
            }
        }

        var status = (int)response.StatusCode;
        return new ProblemResponse(null, $"The server answered {status}.", status, null, null, null);
    }
}
