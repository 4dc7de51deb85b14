using System.Net;
using System.Net.Sockets;
using Tidepool.Testing.FrontDoor;

namespace Tidepool.Caddy.Tests;

/// <summary>
/// Caddy by itself, before upstreams that answer 200 to everything: what has no password reaches none of them, but the health by its
/// one literal path. <c>TIDEPOOL_FRONT_DOOR_SEED</c> says which spellings by chance.
/// </summary>
[Collection(Collection)]
public sealed class NothingPassesUnsignedTests : CaddyTest
{
    private const int ByChance = 1500;

    /// <summary>One operation of each shape. The whole API is asked where the server is there to describe it.</summary>
    private static readonly Operation[] Operations =
    [
        new("GET", "/api/health", null),
        new("GET", "/api/workspaces", null),
        new("POST", "/api/workspaces", """{"name":"planted"}"""),
        new("GET", "/api/workspaces/alice", null),
        new("POST", "/api/workspaces/alice/stop", null),
        new("DELETE", "/api/workspaces/alice/ports/3000", null),
        new("GET", "/api/openapi.json", null),
        new("GET", "/app/", null),
        new("GET", "/gate", null),
        new("GET", "/gate/passed", null),
        new("GET", "/workspace-page/alice", null),
        new("GET", "/workspace/alice/", null),
        new("POST", "/workspace/alice/port/3000/", "a body"),
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task No_spelling_reaches_the_server_or_a_workspace_without_the_password(bool api)
    {
        await ApplyAsync(Route("alice", Alice, 3000), Route("bob", Bob));
        var port = api ? Caddy.ApiPort : Caddy.WorkspacePort;
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TIDEPOOL_FRONT_DOOR_SEED"), out var given) ? given : Environment.TickCount;
        var trial = new Trial(token => ConnectAsync(port, token), new Spellings($"localhost:{port}", "alice"), seed);
        await trial.RunAsync(Operations, ByChance, IsHealth, TestContext.Current.CancellationToken);
        await trial.RunHttp2Async(port, Operations, TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper?.WriteLine($"{trial}; reached upstreams: {string.Join(", ", Upstreams.Reached.GroupBy(r => r).Select(g => $"{g.Key} ({g.Count()})").Take(30))}");
        var reached = Upstreams.Reached.Select(r => r.TrimEnd('?')).Where(r => r is not ("server GET /api/health" or "server HEAD /api/health")).Distinct().ToList();
        Assert.True(trial.LetIn.Count == 0 && reached.Count == 0, $"{trial.Report()}\nReached an upstream:\n{string.Join('\n', reached.Take(40))}");
        Assert.Empty(Upstreams.Passed);
    }

    /// <summary>The upstream's own record: it was asked for the health, and no header said that the owner signed in.</summary>
    private static bool IsHealth(WireRequest request, WireAnswer answer) =>
        answer.Status == 200
        && (request.Text.StartsWith("HEAD /api/health ", StringComparison.OrdinalIgnoreCase)
            || (answer.Body.StartsWith("server\nGET /api/health", StringComparison.Ordinal) && !answer.Body.Contains("\nX-Tidepool-", StringComparison.OrdinalIgnoreCase)));

    private static async Task<Socket> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        return socket;
    }
}
