using System.Net;
using System.Text;
using System.Text.Json;
using Tidepool.Contracts;

namespace Tidepool.App.Tests;

/// <summary>Answers as the server would, from memory; its stream stays open until a test ends it.</summary>
internal sealed class FakeServer : HttpMessageHandler
{
    private TaskCompletionSource streamEnds = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<WorkspaceResponse> Workspaces { get; } = [];

    public List<string> Requests { get; } = [];

    public Func<HttpRequestMessage, HttpResponseMessage?> Answer { get; set; } = _ => null;

    /// <summary>The same, for an answer that takes its time.</summary>
    public Func<HttpRequestMessage, Task<HttpResponseMessage?>> AnswerAsync { get; set; } = _ => Task.FromResult<HttpResponseMessage?>(null);

    public bool IsDown { get; set; }

    /// <summary>What all workspaces together may have.</summary>
    public CapacityAmountResponse Budget { get; set; } = new(8192, 8, null);

    public static WorkspaceResponse Workspace(string name, WorkspaceStatus status, ProgressResponse? progress = null, ErrorResponse? error = null) => new(
        "ws_" + name, name, null, "default", status, DesiredState.Running, 2, 4096, Isolation.Container, null, $"http://localhost:8081/workspace/{name}/", [], error, progress,
        DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, null, null);

    public static PortResponse Port(int number, string? label = null, bool stripPrefix = true, bool answers = false) =>
        new(number, label, $"http://localhost:8081/workspace/demo/port/{number}/", stripPrefix, answers);

    public static HttpResponseMessage Json(string json, HttpStatusCode status = HttpStatusCode.OK, string type = "application/json") =>
        new(status) { Content = new StringContent(json, Encoding.UTF8, type) };

    public void EndStream()
    {
        var ending = streamEnds;
        streamEnds = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ending.SetResult();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        lock (Requests)
        {
            Requests.Add($"{request.Method} {path}");
        }

        if (IsDown)
        {
            throw new HttpRequestException("The server does not answer.");
        }

        if (Answer(request) is { } given || (given = await AnswerAsync(request)) is not null)
        {
            return given;
        }

        if (path == "/api/events")
        {
            await streamEnds.Task.WaitAsync(cancellationToken);
            return Json("", type: "text/event-stream");
        }

        if (path.Contains("/ports", StringComparison.Ordinal))
        {
            return await PortsAsync(request, path, cancellationToken);
        }

        return path switch
        {
            _ when request.Method == HttpMethod.Get && Workspaces.FirstOrDefault(w => path == $"/api/workspaces/{w.Id}") is { } one =>
                Json(JsonSerializer.Serialize(one, TidepoolJson.Default.WorkspaceResponse)),
            _ when request.Method == HttpMethod.Delete => Json(
                JsonSerializer.Serialize(Workspaces.Single(w => path.EndsWith(w.Id, StringComparison.Ordinal)) with { Status = WorkspaceStatus.Deleting }, TidepoolJson.Default.WorkspaceResponse)),
            "/api/workspaces" => Json(JsonSerializer.Serialize(new PageResponse<WorkspaceResponse>(Workspaces, null), TidepoolJson.Default.PageResponseWorkspaceResponse)),
            "/api/images" => Json("[]"),
            "/api/capacity" => Json(JsonSerializer.Serialize(Capacity(), TidepoolJson.Default.CapacityResponse)),
            _ => Json("""{"items":[]}"""),
        };
    }

    /// <summary>In the order of <see cref="Workspaces"/>, as if the first were the least recently used.</summary>
    private CapacityResponse Capacity()
    {
        var shares = Workspaces.Select(w => w.Status is WorkspaceStatus.Running or WorkspaceStatus.Creating or WorkspaceStatus.Starting
            ? new WorkspaceCapacityResponse(w.Id, w.Name, w.Status, w.MemoryMiB, w.Cpus, 0, w.LastAccessedAt)
            : new WorkspaceCapacityResponse(w.Id, w.Name, w.Status, 0, 0, 0, w.LastAccessedAt)).Reverse().ToList();
        var inUse = new CapacityAmountResponse(shares.Sum(s => s.MemoryMiB), shares.Sum(s => s.Cpus), null);
        var oldest = shares.LastOrDefault(s => s.MemoryMiB > 0);
        return new CapacityResponse(
            Budget, inUse, new CapacityAmountResponse(Budget.MemoryMiB - inUse.MemoryMiB, Budget.Cpus - inUse.Cpus, null), shares, oldest is null ? null : new LeastRecentlyAccessedResponse(oldest.Id, oldest.Name, oldest.LastAccessedAt));
    }

    /// <summary>Registers and unregisters as the server would, where all is well.</summary>
    private async Task<HttpResponseMessage> PortsAsync(HttpRequestMessage request, string path, CancellationToken cancellationToken)
    {
        var index = Workspaces.FindIndex(w => path.StartsWith($"/api/workspaces/{w.Id}/", StringComparison.Ordinal));
        var workspace = Workspaces[index];
        if (request.Method == HttpMethod.Delete)
        {
            Workspaces[index] = workspace with { Ports = [.. workspace.Ports.Where(p => !path.EndsWith($"/{p.Port}", StringComparison.Ordinal))] };
            return new HttpResponseMessage(HttpStatusCode.NoContent);
        }

        var wanted = JsonSerializer.Deserialize(await request.Content!.ReadAsStringAsync(cancellationToken), TidepoolJson.Default.RegisterPortRequest)!;
        var port = Port(wanted.Port!.Value, wanted.Label, wanted.StripPrefix ?? true);
        Workspaces[index] = workspace with { Ports = [.. workspace.Ports.Append(port)] };
        return Json(JsonSerializer.Serialize(port, TidepoolJson.Default.PortResponse), HttpStatusCode.Created);
    }
}
