using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Tidepool.Testing.Guests;

namespace Tidepool.EndToEnd.Tests;

/// <summary>Runs commands inside a workspace as its root, through the Incus that carries it. Only tests have this way in.</summary>
internal sealed class WorkspaceShell : IWorkspaceShell
{
    private const string Project = "tidepool";
    private readonly HttpClient incus;
    private readonly string instance;

    /// <param name="state">The state directory of the Tidepool.</param>
    /// <param name="workspaceId">The id of a running workspace.</param>
    public WorkspaceShell(string state, string workspaceId)
    {
        instance = "ws-" + workspaceId["ws_".Length..];
        incus = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(state, "incus", "unix.socket")), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://incus/") };
    }

    public async Task<GuestResult> RunAsync(string command)
    {
        var operation = await BeginAsync(command);
        var ended = await GetAsync($"1.0/operations/{operation}/wait?timeout=120");
        var metadata = ended.GetProperty("metadata");
        var output = metadata.GetProperty("output");
        return new GuestResult(
            metadata.GetProperty("return").GetInt32(),
            await incus.GetStringAsync(InProject(output.GetProperty("1").GetString()![1..])),
            await incus.GetStringAsync(InProject(output.GetProperty("2").GetString()![1..])));
    }

    public Task StartAsync(string command) => BeginAsync(IWorkspaceShell.Detached(command));

    public async Task WriteAsync(string path, string text) => await WriteAsync(path, new StringContent(text));

    /// <summary>Writes a file, owned by root.</summary>
    public async Task WriteAsync(string path, Stream bytes) => await WriteAsync(path, new StreamContent(bytes));

    /// <summary>What Incus itself says of the machine.</summary>
    public Task<JsonElement> DescribeAsync() => GetAsync($"1.0/instances/{instance}");

    public void Dispose() => incus.Dispose();

    private async Task WriteAsync(string path, HttpContent content)
    {
        using var answer = await incus.PostAsync(InProject($"1.0/instances/{instance}/files?path={Uri.EscapeDataString(path)}"), content);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<string> BeginAsync(string command)
    {
        var request = new Dictionary<string, object>
        {
            ["command"] = new[] { "/bin/sh", "-c", command },
            ["wait-for-websocket"] = false,
            ["interactive"] = false,
            ["record-output"] = true,
            ["environment"] = new Dictionary<string, string> { ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ["HOME"] = "/root" },
        };
        using var answer = await incus.PostAsJsonAsync(InProject($"1.0/instances/{instance}/exec"), request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("metadata").GetProperty("id").GetString()!;
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var document = JsonDocument.Parse(await incus.GetStringAsync(InProject(path)));
        return document.RootElement.GetProperty("metadata").Clone();
    }

    private static Uri InProject(string path) => new($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}project={Project}", UriKind.Relative);
}
