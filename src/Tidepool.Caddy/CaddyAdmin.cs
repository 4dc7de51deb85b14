using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Tidepool.Core.Routing;
using Tidepool.Host.Files;
using Tidepool.Host.Sockets;

namespace Tidepool.Caddy;

/// <summary>Caddy's admin API over its Unix socket.</summary>
internal sealed class CaddyAdmin : IDisposable
{
    /// <summary>More than the configuration of a thousand workspaces takes.</summary>
    private const long MaxAnswerBytes = 16L << 20;

    /// <summary>What a request to the admin API has to come from: a name that no browser resolves.</summary>
    public const string Origin = "http://caddy";

    private const int MaxQuoted = 300;

    private readonly HttpClient http;
    private readonly string socketPath;

    public CaddyAdmin(IOptions<CaddyOptions> options)
    {
        socketPath = options.Value.AdminSocket;
        var handler = UnixHttp.Handler(socketPath, Owner);
        handler.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10);
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(1);
        http = new HttpClient(handler)
        {
            BaseAddress = new Uri(Origin + "/"),
            Timeout = options.Value.CallTimeout,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        http.DefaultRequestHeaders.Add("Origin", Origin);
    }

    /// <summary>The whole configuration in force, or null while Caddy has none, and the tag to change it under.</summary>
    /// <param name="most">
    /// How many characters it may have. A longer one counts as none: read as JSON it would take about 75 times its size of memory, and a
    /// compromised Caddy can answer anything.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<(JsonNode? Config, string? Tag)> ReadAsync(int most, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, "config/", null, null, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var tag = response.Headers.TryGetValues("Etag", out var head) ? head.First()
            : response.TrailingHeaders.TryGetValues("Etag", out var tail) ? tail.First()
            : null;
        try
        {
            return (text.Length > most ? null : JsonNode.Parse(text), tag);
        }
        catch (JsonException fault)
        {
            throw new RouteTableException("Caddy's admin API gave an answer that is not JSON.", fault);
        }
    }

    /// <summary>Replaces one part. False if the configuration has changed since it was read under that tag.</summary>
    public async Task<bool> ReplaceAsync(string path, JsonNode value, string? tag, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Patch, path, value, tag, cancellationToken);
        return response.StatusCode != HttpStatusCode.PreconditionFailed;
    }

    /// <summary>Replaces everything, in one step or not at all.</summary>
    public async Task LoadAsync(JsonNode config, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Post, "load", config, null, cancellationToken);
    }

    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, JsonNode? body, string? tag, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (tag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        }

        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, cancellationToken);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new RouteTableException($"Caddy does not answer on {socketPath}.", fault);
        }

        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return response;
        }

        using (response)
        {
            throw new RouteTableException($"Caddy refused {method} {path}: {Beginning(await response.Content.ReadAsStringAsync(cancellationToken))}");
        }
    }

    /// <summary>
    /// The user that listens on the socket must own its directory: Caddy's user. A compromised Caddy can put a
    /// link there that leads this process, which is root, to another daemon's socket.
    /// </summary>
    private uint? Owner() => OperatingSystem.IsLinux() ? FileEntry.At(Path.GetDirectoryName(socketPath)!).Owner : null;

    /// <summary>The beginning of an answer, for a log: it comes from a process that may be compromised.</summary>
    private static string Beginning(string answer) => answer.Length <= MaxQuoted ? answer : answer[..MaxQuoted] + "…";
}
