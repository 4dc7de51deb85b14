using System.Net;
using System.Net.Sockets;
using System.Text;
using Tidepool.Core.Routing;

namespace Tidepool.Caddy.Tests;

/// <summary>What a real Caddy refuses before it checks a password, and what goes on to the server without one.</summary>
[Collection(Collection)]
public sealed class FrontDoorTests : CaddyTest
{
    /// <summary>Caddy starts with its routes: a change of them can cut a connection that is just being made, and nothing here sends a request twice.</summary>
    protected override Task PrepareAsync() => Assert.ThrowsAsync<RouteTableException>(() => ApplyAsync(Route("alice", Alice), Route("bob", Bob)));

    [Theory]
    [InlineData("/api/workspaces/..%2fhealth%2fx/..", 400)]
    [InlineData("/api/health/..%2fworkspaces", 400)]
    [InlineData("/api/health/../workspaces", 400)]
    [InlineData("/api/health/%2e%2e/workspaces", 400)]
    [InlineData("/api\\health", 400)]
    [InlineData("/api//health", 400)]
    [InlineData("/api/health%00", 400)]
    [InlineData("/api/%68ealth", 400)]
    [InlineData("/api/health/", 401)]
    [InlineData("/API/HEALTH", 200)]
    [InlineData("/api/health?path=/../x", 200)]
    [InlineData("/api/workspaces", 401)]
    [InlineData("/gate", 401)]
    [InlineData("/workspace-page/alice", 401)]
    [InlineData("/", 401)]
    public async Task The_health_alone_is_shown_without_a_password_and_by_its_own_path(string path, int status)
    {
        var answer = await RawAsync(Caddy.ApiPort, $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(status == 200, answer.Contains("server\nGET /api/health\n", StringComparison.Ordinal));
        Assert.Equal(status == 400, answer.EndsWith("\"code\":\"validation\"}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_health_is_shown_in_detail_to_the_page_and_to_a_password()
    {
        using var http = Client(Caddy.ApiPort);
        Assert.Contains("X-Tidepool-Signed-In", await http.GetStringAsync(new Uri("api/health", UriKind.Relative)), StringComparison.Ordinal);

        using var page = Client(Caddy.ApiPort, null);
        page.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
        Assert.Equal(HttpStatusCode.Unauthorized, (await page.GetAsync(new Uri("api/health", UriKind.Relative))).StatusCode);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST:1234", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]:8080", true)]
    [InlineData("pool.example.org", true)]
    [InlineData("localhost.example.org", false)]
    [InlineData("example.org", false)]
    [InlineData("192.0.2.1", false)]
    [InlineData("a!b", false)]
    public async Task Only_names_of_ours_are_answered(string host, bool ours)
    {
        foreach (var (port, path) in new[] { (Caddy.ApiPort, "/api/health"), (Caddy.WorkspacePort, "/workspace/none/") })
        {
            var answer = await RawAsync(port, $"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {Credentials(Password)}\r\nConnection: close\r\n\r\n");
            Assert.StartsWith(ours ? "HTTP/1.1 200 " : "HTTP/1.1 421 ", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/workspace/alice/../bob/", 400)]
    [InlineData("/workspace/alice/..%2fbob/", 400)]
    [InlineData("/workspace/alice/%2E%2e/bob/", 400)]
    [InlineData("/workspace/alice/..;x/bob/", 400)]
    [InlineData("/workspace/alice/..\\bob/", 400)]
    [InlineData("/workspace/alice/.", 400)]
    [InlineData("/workspace/alice/@scope%2Fname/..hidden/a..b?x=/../", 200)]
    public async Task A_workspace_is_asked_by_any_path_without_dot_segments(string path, int status)
    {
        var answer = await RawAsync(Caddy.WorkspacePort, $"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {Credentials(Password)}\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Authorization: x\r\n")]
    [InlineData("authorization: Basic eDp5\r\n")]
    public async Task A_second_password_is_refused_before_the_gate(string second)
    {
        foreach (var port in new[] { Caddy.ApiPort, Caddy.WorkspacePort })
        {
            foreach (var user in new[] { "tidepool", "nosuch" })
            {
                var first = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:wrong"));
                var answer = await RawAsync(port, $"GET /workspace/alice/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {first}\r\n{second}Connection: close\r\n\r\n");
                Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
            }
        }

        Assert.Equal(0, Upstreams.SignInAttempts);
    }

    [Fact]
    public async Task HTTP_2_without_TLS_is_not_spoken()
    {
        var answer = await RawAsync(Caddy.ApiPort, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0");
        Assert.Empty(answer);
    }

    /// <summary>As it is written, and all that comes back until the connection is closed.</summary>
    private static async Task<string> RawAsync(int port, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }
}
