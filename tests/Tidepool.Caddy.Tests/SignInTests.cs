using System.Net;
using System.Net.WebSockets;
using System.Text;

namespace Tidepool.Caddy.Tests;

/// <summary>Passwords, sessions, and the gate before them, at a real Caddy.</summary>
[Collection(Collection)]
public sealed class SignInTests : CaddyTest
{
    private static readonly string Token = new('5', 64);

    [Fact]
    public async Task Who_knows_the_password_gets_a_session_that_does_instead_of_it_on_the_workspaces_port_alone()
    {
        await File.WriteAllTextAsync(Caddy.SessionTokenFile, Token);
        await ApplyAsync(Route("alice", Alice));
        using var http = Client(Caddy.WorkspacePort);
        using var first = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie"));
        Assert.Equal($"tidepool_session={Token}; Path=/workspace/; HttpOnly; SameSite=Strict", cookie);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Caddy.WorkspacePort, $"theme=dark; tidepool_session={Token}"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session=an-older-one; tidepool_session={Token}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.ApiPort, $"tidepool_session={Token}"));
        Assert.DoesNotContain(Token, await File.ReadAllTextAsync(Caddy.ConfigFile), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("theme=dark")]
    [InlineData("tidepool_session=")]
    [InlineData("tidepool_session=wrong")]
    [InlineData("tidepool_session=555555555555555555555555555555555555555555555555555555555555555")]
    public async Task Without_the_right_token_the_password_is_asked_for(string cookie)
    {
        await ApplyAsync(Route("alice", Alice));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, cookie));
        await File.WriteAllTextAsync(Caddy.SessionTokenFile, "");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, cookie));
        await File.WriteAllTextAsync(Caddy.SessionTokenFile, Token);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, cookie));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(431)]
    [InlineData(500)]
    public async Task No_password_is_looked_at_unless_the_gate_says_so(int status)
    {
        await ApplyAsync(Route("alice", Alice));
        Upstreams.GateStatus = status;
        using var http = Client(Caddy.WorkspacePort);
        using var answer = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Empty(Upstreams.Passed);
    }

    [Fact]
    public async Task The_gate_is_asked_with_the_password_that_will_be_checked_and_with_nothing_else_of_the_clients()
    {
        await ApplyAsync(Route("alice", Alice));
        using var http = Client(Caddy.WorkspacePort);
        http.DefaultRequestHeaders.TryAddWithoutValidation("Connection", "Authorization");
        http.DefaultRequestHeaders.TryAddWithoutValidation("X-Junk", new string('a', 30_000));
        using var answer = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        Assert.Contains($"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("tidepool:" + Password))}", Upstreams.Asked, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Junk", Upstreams.Asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_token_ends_all_sessions_at_once()
    {
        await File.WriteAllTextAsync(Caddy.SessionTokenFile, Token);
        await ApplyAsync(Route("alice", Alice));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={Token}"));
        await File.WriteAllTextAsync(Caddy.SessionTokenFile, new string('6', 64));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={Token}"));
    }

    [Fact]
    public async Task A_browser_that_sends_no_password_with_a_WebSocket_is_let_in_by_its_session()
    {
        await File.WriteAllTextAsync(Caddy.SessionTokenFile, Token);
        await ApplyAsync(Route("alice", Alice));
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", $"tidepool_session={Token}");
        await socket.ConnectAsync(new Uri($"ws://localhost:{Caddy.WorkspacePort}/workspace/alice/"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("uthorization", await ReceiveAsync(socket), StringComparison.Ordinal);

        using var stranger = new ClientWebSocket();
        await Assert.ThrowsAsync<WebSocketException>(() => stranger.ConnectAsync(new Uri($"ws://localhost:{Caddy.WorkspacePort}/workspace/alice/"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_gate_is_asked_before_a_password_is_checked_and_told_which_was_right()
    {
        await ApplyAsync(Route("alice", Alice));
        foreach (var port in new[] { Caddy.ApiPort, Caddy.WorkspacePort })
        {
            using var stranger = Client(port, null);
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(new Uri("api/x", UriKind.Relative))).StatusCode);
        }

        Assert.Equal(0, Upstreams.Knocks);
        using var wrong = Client(Caddy.ApiPort, "wrong");
        wrong.DefaultRequestHeaders.Add("X-Tidepool-Attempt", "forged");
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.GetAsync(new Uri("api/x", UriKind.Relative))).StatusCode);
        Assert.Empty(Upstreams.Passed);

        using var right = Client(Caddy.ApiPort);
        using var body = new StringContent("the body", Encoding.UTF8, "text/plain");
        using var answer = await right.PostAsync(new Uri("api/x", UriKind.Relative), body);
        Assert.StartsWith("server\nPOST /api/x\n", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await GetTextAsync("workspace/alice/");
        Assert.Equal(["attempt-2", "attempt-3"], Upstreams.Passed);
    }

    [Fact]
    public async Task A_password_that_the_gate_knows_is_not_checked_again_and_still_gets_a_session()
    {
        await File.WriteAllTextAsync(Caddy.SessionTokenFile, Token);
        await ApplyAsync(Route("alice", Alice));
        Upstreams.GateKnows = true;

        // Caddy would refuse it, so it did not look.
        using var http = Client(Caddy.WorkspacePort, "known to the gate");
        http.DefaultRequestHeaders.Add("X-Tidepool-Known", "forged");
        using var answer = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith("tidepool_session=", StringComparison.Ordinal));
        using var api = Client(Caddy.ApiPort, "known to the gate");
        Assert.Contains("X-Tidepool-User: tidepool\n", await api.GetStringAsync(new Uri("api/x", UriKind.Relative)), StringComparison.Ordinal);

        Upstreams.GateKnows = false;
        using var refused = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task Who_is_turned_away_at_the_gate_is_told_so_and_no_password_is_checked()
    {
        await ApplyAsync(Route("alice", Alice));
        Upstreams.GateStatus = 429;
        foreach (var port in new[] { Caddy.ApiPort, Caddy.WorkspacePort })
        {
            // Even the right one, which the gate would know had it been right before.
            using var http = Client(port);
            Assert.Equal(HttpStatusCode.TooManyRequests, (await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative))).StatusCode);
        }
    }

    [Fact]
    public async Task While_the_server_is_down_whoever_asks_may_try_and_the_editors_go_on()
    {
        await ApplyAsync(Route("alice", Alice));
        await Upstreams.RemoveServerAsync();
        Assert.StartsWith("alice\n", await GetTextAsync("workspace/alice/"), StringComparison.Ordinal);
        using var wrong = Client(Caddy.WorkspacePort, "wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.GetAsync(new Uri("workspace/alice/", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task A_server_that_hangs_keeps_nobody_from_the_editors()
    {
        await ApplyAsync(Route("alice", Alice));
        Upstreams.Hangs = true;
        using var http = Client(Caddy.WorkspacePort);
        using var body = new StringContent("the body", Encoding.UTF8, "text/plain");
        using var answer = await http.PostAsync(new Uri("workspace/alice/x", UriKind.Relative), body);
        Assert.StartsWith("alice\nPOST /x\n", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.StartsWith("alice\n", await GetTextAsync("workspace/alice/"), StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(int port, string cookie)
    {
        using var http = Client(port, null);
        http.DefaultRequestHeaders.Add("Cookie", cookie);
        using var response = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        return response.StatusCode;
    }
}
