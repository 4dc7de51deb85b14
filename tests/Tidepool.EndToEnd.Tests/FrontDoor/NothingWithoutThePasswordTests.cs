using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Tidepool.Contracts;
using Tidepool.Testing.FrontDoor;

namespace Tidepool.EndToEnd.Tests.FrontDoor;

/// <summary>
/// Every operation of the API, in every spelling that a client without the password can send: nothing is revealed, and nothing
/// is changed. <c>TIDEPOOL_FRONT_DOOR_SEED</c> says which ones by chance.
/// </summary>
[Collection(WholeTidepool.Name)]
public sealed class NothingWithoutThePasswordTests(RunningTidepool tidepool) : IAsyncLifetime
{
    private const string Name = "open-house";
    private const string Planted = "planted";
    private const int Port = 3000;
    private const int ByChance = 1500;

    /// <summary>Where the command line asks.</summary>
    private string OwnerSocket => Path.Combine(tidepool.State, "run", "server", "owner.sock");

    private string ServerSocket => Path.Combine(tidepool.State, "run", "server", "proxy.sock");

    public async ValueTask InitializeAsync()
    {
        await tidepool.CreateAsync(Name);
        await tidepool.UntilAsync(Name, WorkspaceStatus.Running);
        var registered = await tidepool.Api.RegisterPortAsync(Name, new RegisterPortRequest(Port));
        Assert.True(registered.Succeeded, registered.Problem?.Detail);
        await Until.TrueAsync("the port has a route", async () =>
            (await File.ReadAllTextAsync(Path.Combine(tidepool.State, "caddy", "config.json"))).Contains($"port-{Port}-workspace-{Name}", StringComparison.Ordinal));
        await Until.TrueAsync("no job is left to do", async () => (await tidepool.Api.ListAsync()).Value!.Items.All(w => w.Progress is null));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in new[] { Name, Planted })
        {
            await tidepool.RemoveAsync(name);
        }
    }

    [Theory]
    [InlineData("the API's port")]
    [InlineData("the workspaces' port")]
    public async Task No_spelling_of_any_operation_is_answered_or_changes_anything(string which)
    {
        var port = which == "the API's port" ? tidepool.ApiPort : tidepool.WorkspacePort;
        var operations = await OperationsAsync();
        var before = await SnapshotAsync();
        var trial = new Trial(cancellationToken => ConnectAsync(port, cancellationToken), new Spellings($"localhost:{port}", Name), Seed());
        await trial.RunAsync(operations, ByChance, Trial.IsOpen, TestContext.Current.CancellationToken);
        await trial.RunHttp2Async(port, operations, TestContext.Current.CancellationToken);
        await ExpectAsync(trial, which, operations, before);
    }

    [Fact]
    public async Task The_server_itself_answers_none_that_the_proxy_passes_on_without_a_sign_in()
    {
        var operations = await OperationsAsync();
        var before = await SnapshotAsync();
        var trial = new Trial(ConnectToServerAsync, new Spellings("localhost", Name), Seed());

        // Caddy alone asks for these, with paths of its own making.
        static bool IsOpen(WireRequest request, WireAnswer answer) =>
            Trial.IsOpen(request, answer) || request.Text.StartsWith("GET /workspace-page/", StringComparison.Ordinal) || request.Text.StartsWith("GET /gate ", StringComparison.Ordinal);
        await trial.RunAsync(operations, ByChance, IsOpen, TestContext.Current.CancellationToken);
        await ExpectAsync(trial, "the server's socket", operations, before);
    }

    private async Task ExpectAsync(Trial trial, string where, IReadOnlyList<Operation> operations, string before)
    {
        TestContext.Current.SendDiagnosticMessage($"{where}, {operations.Count} operations: {trial}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{where}, {operations.Count} operations: {trial}");
        Assert.True(trial.LetIn.Count == 0, $"{where}: {trial.Report()}");
        Assert.Equal(before, await SnapshotAsync());
        Assert.True(operations.Count >= 15 && trial.Asked > operations.Count * 60, $"Only {trial.Asked} requests for {operations.Count} operations.");
    }

    /// <summary>What the API's own description lists, with the parameters filled in by what is there.</summary>
    private async Task<IReadOnlyList<Operation>> OperationsAsync()
    {
        using var http = OwnerClient();
        using var document = JsonDocument.Parse(await http.GetStringAsync(new Uri("api/openapi.json", UriKind.Relative)));
        var operations = new List<Operation>();
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (var method in path.Value.EnumerateObject().Where(m => m.Name is "get" or "post" or "put" or "patch" or "delete"))
            {
                var filled = path.Name.Replace("{id}", Name, StringComparison.Ordinal).Replace("{port}", Text(Port), StringComparison.Ordinal);
                Assert.DoesNotContain('{', filled);
                var body = method.Value.TryGetProperty("requestBody", out _) ? path.Name.EndsWith("/ports", StringComparison.Ordinal) ? """{"port":4444}""" : $$"""{"name":"{{Planted}}"}""" : null;
                operations.Add(new Operation(method.Name.ToUpperInvariant(), filled, body));
            }
        }

        operations.Add(new Operation("GET", "/api/openapi.json", null));
        operations.Add(new Operation("GET", "/app/", null));

        // Reads first: were they answered, there would be something to tell yet.
        return [.. operations.OrderBy(o => o.Method switch { "GET" => 0, "DELETE" => 2, _ => 1 })];
    }

    /// <summary>Everything that a request could have changed: the workspaces and their states, their ports, what was done, what is on disk.</summary>
    private async Task<string> SnapshotAsync()
    {
        var workspaces = (await tidepool.Api.ListAsync()).Value!.Items
            .Select(w => $"{w.Id} {w.Name} {w.Status} {w.DesiredState} {w.LastAccessedAt:O} ports {string.Join(' ', w.Ports.Select(p => $"{p.Port} {p.Label} {p.StripPrefix}"))}");
        var activity = (await tidepool.Api.ActivityAsync(null, 5)).Value!.Items.Select(a => $"{a.Sequence} {a.WorkspaceName} {a.Verb} {a.Outcome}");
        var instances = (await tidepool.InstancesAsync()).OrderBy(i => i.Key, StringComparer.Ordinal).Select(i => $"{i.Key} {i.Value}");
        string[] contents = ["settings.json", "auth.json", "session-key", "server/proxy-secret", "caddy/config.json"];
        var files = contents.Select(f => Path.Combine(tidepool.State, f)).Where(File.Exists).Select(File.ReadAllText);
        var names = new[] { "", ".logs", "images", "images/default" }.Select(d => Path.Combine(tidepool.State, d)).Where(Directory.Exists)
            .SelectMany(Directory.EnumerateFileSystemEntries).Where(f => !Path.GetFileName(f).StartsWith("tidepool.db", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        return string.Join('\n', workspaces.Concat(activity).Concat(instances).Concat(files).Concat(names));
    }

    private HttpClient OwnerClient() => new(new SocketsHttpHandler { UseProxy = false, ConnectCallback = async (_, token) => new NetworkStream(await UnixAsync(OwnerSocket, token), ownsSocket: true) })
    {
        BaseAddress = new Uri($"http://localhost:{tidepool.ApiPort}/"),
    };

    private Task<Socket> ConnectToServerAsync(CancellationToken cancellationToken) => UnixAsync(ServerSocket, cancellationToken);

    private static async Task<Socket> UnixAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        return socket;
    }

    private static async Task<Socket> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        return socket;
    }

    private static int Seed() => int.TryParse(Environment.GetEnvironmentVariable("TIDEPOOL_FRONT_DOOR_SEED"), out var seed) ? seed : Environment.TickCount;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
