using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Playwright;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Pages;

/// <summary>
/// Answers the page's requests to the API in the server's place, in the browser: for states that a real server is seldom in. The page
/// itself, its files and its address are the real ones.
/// </summary>
internal sealed class ScriptedApi : IAsyncDisposable
{
    private readonly IPage page;
    private readonly ConcurrentDictionary<string, Answer> answers = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ScriptedApi(IPage page) => this.page = page;

    private sealed record Answer(int Status, string Body, string Type = "application/json");

    public List<WorkspaceResponse> Workspaces { get; set; } = [];

    public static async Task<ScriptedApi> TakeOverAsync(IPage page)
    {
        var api = new ScriptedApi(page);
        api.Give("GET /api/health", new HealthResponse("healthy", []), TidepoolJson.Default.HealthResponse);
        api.Give("GET /api/images", [new ImageResponse("default", "0123", DateTimeOffset.UnixEpoch, 1), new ImageResponse("rust", "4567", DateTimeOffset.UnixEpoch, 1)], TidepoolJson.Default.IReadOnlyListImageResponse);
        api.Give("GET /api/activity", new PageResponse<ActivityResponse>([], null), TidepoolJson.Default.PageResponseActivityResponse);
        await page.RouteAsync(url => new Uri(url).AbsolutePath.StartsWith("/api/", StringComparison.Ordinal), api.HandleAsync);
        return api;
    }

    /// <summary>What a request is answered with from now on.</summary>
    /// <param name="request">Its method and its path.</param>
    /// <param name="value">The answer.</param>
    /// <param name="type">How it is written.</param>
    public void Give<T>(string request, T value, JsonTypeInfo<T> type) => answers[request] = new Answer(200, JsonSerializer.Serialize(value, type));

    public void Refuse(string request, ProblemResponse problem) =>
        answers[request] = new Answer(problem.Status!.Value, JsonSerializer.Serialize(problem, TidepoolJson.Default.ProblemResponse), "application/problem+json");

    /// <summary>From now on the request gets no answer, as when the server is slow.</summary>
    public void Hold(string request) => answers[request] = new Answer(0, "");

    /// <summary>From now on the request cannot be sent, as when the server is down.</summary>
    public void Break(string request) => answers[request] = new Answer(-1, "");

    public void Forget(string request) => answers.TryRemove(request, out _);

    public async ValueTask DisposeAsync()
    {
        ended.TrySetResult();
        await page.UnrouteAllAsync(new() { Behavior = UnrouteBehavior.IgnoreErrors });
    }

    private async Task HandleAsync(IRoute route)
    {
        var path = new Uri(route.Request.Url).AbsolutePath;
        var answer = answers.TryGetValue($"{route.Request.Method} {path}", out var given) ? given : Default(path);
        switch (answer.Status)
        {
            case 0:
                await ended.Task;
                break;
            case -1:
                await route.AbortAsync();
                break;
            default:
                await route.FulfillAsync(new() { Status = answer.Status, Body = answer.Body, ContentType = answer.Type });
                break;
        }
    }

    private Answer Default(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return path switch
        {
            "/api/workspaces" => new Answer(200, JsonSerializer.Serialize(new PageResponse<WorkspaceResponse>(Workspaces, null), TidepoolJson.Default.PageResponseWorkspaceResponse)),
            "/api/events" => new Answer(200, ": nothing yet\n\n", "text/event-stream"),
            _ when parts is ["api", "workspaces", var id] && Workspaces.FirstOrDefault(w => w.Id == id) is { } one => new Answer(200, JsonSerializer.Serialize(one, TidepoolJson.Default.WorkspaceResponse)),
            _ when parts is ["api", "workspaces", _, "activity"] => answers["GET /api/activity"],
            _ when parts is ["api", "workspaces", _, "logs"] => new Answer(200, "", "application/x-ndjson"),
            _ => new Answer(404, """{"status":404,"code":"not-found","detail":"There is nothing."}""", "application/problem+json"),
        };
    }
}
