using System.Net;
using System.Net.Sockets;
using System.Text;
using Tidepool.Core.Ports;
using Tidepool.Core.Routing;
using Tidepool.Core.Workspaces;

namespace Tidepool.Caddy.Tests;

/// <summary>What Caddy takes off on the way to a workspace and on the way back.</summary>
[Collection(Collection)]
public sealed class WorkspaceBoundaryTests : CaddyTest
{
    [Fact]
    public async Task Nothing_of_the_owner_reaches_a_workspace_whatever_a_client_sends()
    {
        await ApplyAsync(Route("alice", Alice, 3000));
        var token = $"{Token}-{new string('7', 64)}";
        foreach (var path in new[] { "/workspace/alice/x", "/workspace/alice/port/3000/x" })
        {
            var seen = await RawAsync(
                $"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {Credentials(Password)}\r\n"
                + $"Proxy-Authorization: Basic {Credentials(Password)}\r\nX-TIDEPOOL-USER: forged\r\nx-tidepool-attempt: forged\r\nX-Forwarded-Prefix: /forged\r\n"
                + $"Cookie: theme=dark; tidepool_session={token}; other=1\r\nCookie: tidepool_session={token}\r\nConnection: close, Cookie-Monster\r\n\r\n");
            Assert.Contains("alice", seen, StringComparison.Ordinal);
            Assert.DoesNotContain("uthorization", seen, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(Credentials(Password), seen, StringComparison.Ordinal);
            Assert.DoesNotContain("forged", seen, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(token, seen, StringComparison.Ordinal);
            Assert.Contains("theme=dark", seen, StringComparison.Ordinal);
            Assert.Contains("other=1", seen, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("POST", null, "cross-site", "no-cors", "empty", false)]
    [InlineData("GET", null, "cross-site", "no-cors", "image", false)]
    [InlineData("GET", null, "cross-site", "navigate", "iframe", false)]
    [InlineData("GET", null, "cross-site", "navigate", "document", true)]
    [InlineData("GET", null, "same-site", "navigate", "document", true)]
    [InlineData("POST", "http://example.test", null, null, null, false)]
    [InlineData("POST", "http://localhost.example.test", null, null, null, false)]
    [InlineData("POST", "null", null, null, null, false)]
    [InlineData("POST", "http://localhost", null, null, null, false)]
    [InlineData("POST", "http://localhost:9999", null, null, null, false)]
    [InlineData("POST", "http://localhost:9999", "same-site", "no-cors", "empty", false)]
    [InlineData("GET", null, "same-site", "no-cors", "script", false)]
    [InlineData("GET", null, "same-site", "navigate", "iframe", false)]
    [InlineData("POST", "http://localhost:9999", "same-site", "navigate", "document", false)]
    [InlineData("GET", null, "none", "navigate", "document", true)]
    [InlineData("POST", "http://localhost:PORT", null, null, null, true)]
    [InlineData("POST", "http://localhost:PORT", "same-origin", "cors", "empty", true)]
    [InlineData("POST", "https://localhost:8443", "same-origin", "cors", "empty", true)]
    [InlineData("POST", null, null, null, null, true)]
    public async Task Pages_of_other_sites_reach_no_workspace_but_by_a_link(string method, string? origin, string? site, string? mode, string? destination, bool allowed)
    {
        await ApplyAsync(Route("alice", Alice, 3000));
        foreach (var path in new[] { "workspace/alice/", "workspace/alice/port/3000/" })
        {
            using var http = Client(Caddy.WorkspacePort);
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
            foreach (var (name, value) in new[] { ("Origin", origin?.Replace("PORT", $"{Caddy.WorkspacePort}", StringComparison.Ordinal)), ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", destination) })
            {
                if (value is not null)
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }
            }

            using var answer = await http.SendAsync(request);
            Assert.Equal(allowed ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_WebSockets_answer_brings_nothing_that_reaches_beyond_the_workspace()
    {
        await ApplyAsync(Route("alice", Alice, 3000));
        foreach (var path in new[] { "/workspace/alice/", "/workspace/alice/port/3000/" })
        {
            var answer = await HeadAsync(
                $"GET {path}?answer-Set-Cookie=evil%3D1%3B%20Path%3D%2F&answer-Clear-Site-Data=%22*%22&answer-X-Of-Its-Own=kept HTTP/1.1\r\nHost: localhost\r\n"
                + $"Authorization: Basic {Credentials(Password)}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 101", answer, StringComparison.Ordinal);
            Assert.Contains("X-Of-Its-Own: kept", answer, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("evil", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("Clear-Site-Data", answer, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData("Service-Worker-Allowed", "/", "/workspace/alice/")]
    [InlineData("Clear-Site-Data", "\"*\"", null)]
    [InlineData("Strict-Transport-Security", "max-age=1000; includeSubDomains", null)]
    [InlineData("Alt-Svc", "h2=\"other.example:443\"", null)]
    [InlineData("NEL", "{}", null)]
    [InlineData("Report-To", "{}", null)]
    [InlineData("WWW-Authenticate", "Basic realm=\"Tidepool\"", null)]
    [InlineData("X-Of-Its-Own", "kept", "kept")]
    public async Task What_a_workspace_answers_stays_within_its_path(string header, string value, string? left)
    {
        await ApplyAsync(Route("alice", Alice, 3000));
        foreach (var path in new[] { "workspace/alice/", "workspace/alice/port/3000/" })
        {
            using var http = Client(Caddy.WorkspacePort);
            using var response = await http.GetAsync(new Uri($"{path}?answer-{header}={Uri.EscapeDataString(value)}", UriKind.Relative));
            Assert.Equal(left, response.Headers.TryGetValues(header, out var values) ? string.Join(',', values) : null);
        }
    }

    [Theory]
    [InlineData("a=1", "a=1; Path=/workspace/alice/port/3000/")]
    [InlineData("a=1; Path=/; HttpOnly", "a=1; HttpOnly; Path=/workspace/alice/port/3000/")]
    [InlineData("a=1;path=/api;DOMAIN=localhost;Secure", "a=1; Secure; Path=/workspace/alice/port/3000/")]
    [InlineData("a=1; Domain; Path", "a=1; Path=/workspace/alice/port/3000/")]
    [InlineData("a=b; do; domainmain=example.com", "a=b; do; domainmain=example.com; Path=/workspace/alice/port/3000/")]
    [InlineData("a=b;domain=x;path=/;domain=y;path=/;domain=z", "a=b; Path=/workspace/alice/port/3000/")]
    public async Task A_cookie_is_kept_to_the_port_that_sets_it(string cookie, string kept)
    {
        await ApplyAsync(Route("alice", Alice, 3000));
        using var http = Client(Caddy.WorkspacePort);
        using var response = await http.GetAsync(new Uri("workspace/alice/port/3000/?answer-Set-Cookie=" + Uri.EscapeDataString(cookie), UriKind.Relative));
        Assert.Contains(kept, response.Headers.GetValues("Set-Cookie"));
        using var editor = await http.GetAsync(new Uri("workspace/alice/?answer-Set-Cookie=" + Uri.EscapeDataString(cookie), UriKind.Relative));
        Assert.Contains(kept.Replace("/port/3000", "", StringComparison.Ordinal), editor.Headers.GetValues("Set-Cookie"));
    }

    [Theory]
    [InlineData("/login?next=/", "/workspace/alice/port/3000/login?next=/")]
    [InlineData("/", "/workspace/alice/port/3000/")]
    [InlineData("/workspace/alice/port/3000/login", "/workspace/alice/port/3000/login")]
    [InlineData("relative", "relative")]
    [InlineData("//elsewhere.example/", "//elsewhere.example/")]
    [InlineData("https://elsewhere.example/", "https://elsewhere.example/")]
    public async Task A_redirection_of_a_server_that_believes_to_be_at_the_root_stays_with_its_port(string location, string expected)
    {
        await ApplyAsync(Route("alice", Alice, 3000));
        using var http = Client(Caddy.WorkspacePort);
        using var response = await http.GetAsync(new Uri("workspace/alice/port/3000/?answer-Location=" + Uri.EscapeDataString(location), UriKind.Relative));
        Assert.Equal(expected, response.Headers.GetValues("Location").Single());
    }

    [Fact]
    public async Task A_port_is_asked_for_its_own_path_or_for_the_whole_one()
    {
        await ApplyAsync(Route("alice", Alice, 3000));
        var stripped = await GetTextAsync("workspace/alice/port/3000/a%2Fb?q=1");
        Assert.StartsWith("alice on 3000\nGET /a%2Fb?q=1\n", stripped, StringComparison.Ordinal);
        Assert.Contains("X-Forwarded-Prefix: /workspace/alice/port/3000\n", stripped, StringComparison.Ordinal);
        Assert.Contains("X-Forwarded-Proto: http\n", stripped, StringComparison.Ordinal);
        Assert.Contains($"X-Forwarded-Host: localhost:{Caddy.WorkspacePort}\n", stripped, StringComparison.Ordinal);

        await ApplyAsync(new WorkspaceRoute(WorkspaceName.Parse("alice"), Alice, [new PortRoute(PortNumber.Parse(3000), StripPrefix: false)]));
        var whole = await GetTextAsync("workspace/alice/port/3000/a?q=1");
        Assert.StartsWith("alice on 3000\nGET /workspace/alice/port/3000/a?q=1\n", whole, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Forwarded-Prefix", whole, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookies_that_a_page_of_a_workspace_heaps_up_do_not_lock_the_owner_out_of_the_app()
    {
        await ApplyAsync();
        using var http = Client(Caddy.ApiPort);
        http.DefaultRequestHeaders.Add("Cookie", string.Join("; ", Enumerable.Range(0, 150).Select(i => $"bomb{i}={new string('x', 4000)}")));
        using var response = await http.GetAsync(new Uri("api/workspaces", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.DoesNotContain("bomb", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evil.example", null)]
    [InlineData("localhost", "http://localhost:8081")]
    [InlineData("127.0.0.1:2019", "null")]
    public async Task Caddys_own_administration_answers_no_page(string host, string? origin)
    {
        await ApplyAsync();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Caddy.AdminSocket));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /config/ HTTP/1.1\r\nHost: {host}\r\n{(origin is null ? "" : $"Origin: {origin}\r\n")}Connection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        Assert.Matches("^HTTP/1.1 40[03] ", await reader.ReadLineAsync());
    }

    /// <summary>As no well-behaved client would put it.</summary>
    /// <summary>The head of an answer whose connection stays open.</summary>
    private async Task<string> HeadAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Caddy.WorkspacePort);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        var head = new StringBuilder();
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            head.Append(line).Append('\n');
        }

        return head.ToString();
    }

    private async Task<string> RawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Caddy.WorkspacePort);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync();

        // What the workspace received, not what Caddy answered to the client.
        return answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..];
    }
}
