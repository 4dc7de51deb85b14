using System.Net;
using System.Net.WebSockets;
using System.Text;

namespace Tidepool.Caddy.Tests;

/// <summary>Passwords, sessions, and the gate before them, at a real Caddy.</summary>
[Collection(Collection)]
public sealed class SignInTests : CaddyTest
{
    private static readonly string Holder = new('7', 64);
    private string Session => $"{Token}-{Holder}";

    [Fact]
    public async Task A_sign_in_at_either_port_gives_a_session_that_opens_the_workspaces_and_never_the_API()
    {
        await ApplyAsync(Route("alice", Alice));
        foreach (var (port, path) in new[] { (Caddy.WorkspacePort, "workspace/alice/"), (Caddy.ApiPort, "app/"), (Caddy.ApiPort, "api/workspaces") })
        {
            using var http = Client(port);
            using var first = await http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal($"tidepool_session={Session}; Path=/workspace/; HttpOnly; SameSite=Lax", Assert.Single(first.Headers.GetValues("Set-Cookie")));
            http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
            using var byTls = await http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal($"tidepool_session={Session}; Path=/workspace/; HttpOnly; SameSite=Lax; Secure", Assert.Single(byTls.Headers.GetValues("Set-Cookie")));
        }

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Caddy.WorkspacePort, $"theme=dark; tidepool_session={Session}"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session=an-older-one; tidepool_session={Session}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.ApiPort, $"tidepool_session={Session}"));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(Caddy.ConfigFile) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead));
    }

    [Fact]
    public async Task A_new_password_comes_into_force_without_the_routes()
    {
        await ApplyAsync(Route("alice", Alice));
        Assert.False(await RefreshAsync());
        var before = Password;
        Password = "a new one";
        Assert.True(await RefreshAsync());
        Assert.StartsWith("alice", await GetTextAsync("/workspace/alice/"), StringComparison.Ordinal);
        using var old = Client(Caddy.WorkspacePort, before);
        using var answer = await old.GetAsync(new Uri("workspace/alice/", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.False(await ApplyAsync(Route("alice", Alice)));
    }

    [Theory]
    [InlineData("theme=dark")]
    [InlineData("tidepool_session=")]
    [InlineData("tidepool_session=wrong")]
    [InlineData("xtidepool_session=TOKEN-7777777777777777777777777777777777777777777777777777777777777777")]
    [InlineData("theme=dark, tidepool_session=TOKEN-7777777777777777777777777777777777777777777777777777777777777777")]
    [InlineData("tidepool_session=TOKEN")]
    [InlineData("tidepool_session=TOKEN-")]
    [InlineData("tidepool_session=TOKEN-x")]
    [InlineData("tidepool_session=TOKEN-8888888888888888888888888888888888888888888888888888888888888888")]
    [InlineData("tidepool_session=TOKEN-7777777777777777777777777777777777777777777777777777777777777777x")]
    [InlineData("tidepool_session=TOKE-7777777777777777777777777777777777777777777777777777777777777777")]
    public async Task Without_the_right_token_the_password_is_asked_for(string cookie)
    {
        await ApplyAsync(Route("alice", Alice));
        var sent = cookie.Replace("TOKEN", Token, StringComparison.Ordinal).Replace("TOKE-", Token[1..] + "-", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, sent));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(431)]
    [InlineData(500)]
    public async Task No_password_is_checked_unless_the_gate_says_so(int status)
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
    public async Task A_new_password_ends_all_sessions_in_the_moment_that_it_comes_into_force()
    {
        await ApplyAsync(Route("alice", Alice));
        var old = Session;
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={old}"));
        Password = "another";
        await ApplyAsync(Route("alice", Alice));
        Assert.NotEqual(old, Session);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={old}"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={Session}"));
    }

    [Fact]
    public async Task A_session_outlives_the_worker_and_ends_with_its_key()
    {
        await ApplyAsync(Route("alice", Alice));
        var old = Session;
        await ApplyAsync(Route("alice", Alice));
        Assert.Equal(old, Session);
        foreach (var broken in new[] { "", "0123", new string('x', 64) })
        {
            await File.WriteAllTextAsync(Caddy.SessionKeyFile, broken);
            await ApplyAsync(Route("alice", Alice));
            Assert.NotEqual(old, Session);
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={old}"));
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Caddy.SessionKeyFile));
    }

    [Fact]
    public async Task A_browser_that_sends_no_password_with_a_WebSocket_is_let_in_by_its_session()
    {
        await ApplyAsync(Route("alice", Alice));
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", $"tidepool_session={Session}");
        await socket.ConnectAsync(new Uri($"ws://localhost:{Caddy.WorkspacePort}/workspace/alice/"), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("uthorization", await ReceiveAsync(socket), StringComparison.Ordinal);

        using var stranger = new ClientWebSocket();
        await Assert.ThrowsAsync<WebSocketException>(() => stranger.ConnectAsync(new Uri($"ws://localhost:{Caddy.WorkspacePort}/workspace/alice/"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_gate_is_asked_before_a_password_is_checked_and_learns_which_was_right()
    {
        await ApplyAsync(Route("alice", Alice));
        foreach (var port in new[] { Caddy.ApiPort, Caddy.WorkspacePort })
        {
            using var stranger = Client(port, null);
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(new Uri("api/x", UriKind.Relative))).StatusCode);
        }

        Assert.Equal(0, Upstreams.SignInAttempts);
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
        await ApplyAsync(Route("alice", Alice));
        Upstreams.GateKnows = true;

        // Caddy would refuse it, so it did not check it.
        using var http = Client(Caddy.WorkspacePort, "known to the gate");
        http.DefaultRequestHeaders.Add("X-Tidepool-Known", "forged");
        using var answer = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith("tidepool_session=", StringComparison.Ordinal));
        using var api = Client(Caddy.ApiPort, "known to the gate");
        Assert.Contains("X-Tidepool-Signed-In: ", await api.GetStringAsync(new Uri("api/x", UriKind.Relative)), StringComparison.Ordinal);

        Upstreams.GateKnows = false;
        using var refused = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task A_client_that_the_gate_turns_away_is_informed_and_no_password_is_checked()
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
    public async Task While_the_server_is_down_every_client_may_try_and_the_editors_go_on()
    {
        await ApplyAsync(Route("alice", Alice));
        await Upstreams.RemoveServerAsync();
        Assert.StartsWith("alice\n", await GetTextAsync("workspace/alice/"), StringComparison.Ordinal);
        using var wrong = Client(Caddy.WorkspacePort, "wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.GetAsync(new Uri("workspace/alice/", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task A_server_that_hangs_lets_no_guess_and_no_session_of_another_through()
    {
        await ApplyAsync(Route("alice", Alice));
        Upstreams.Hangs = true;
        foreach (var password in new[] { Password, "wrong" })
        {
            using var http = Client(Caddy.WorkspacePort, password);
            using var answer = await http.GetAsync(new Uri("workspace/alice/x", UriKind.Relative));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={Session}"));
    }

    [Fact]
    public async Task A_session_opens_the_workspaces_only_to_the_holder_that_the_server_names()
    {
        await ApplyAsync(Route("alice", Alice));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={Session}"));
        Assert.Contains("X-Tidepool-Client: 127.0.0.1", Upstreams.Asked, StringComparison.Ordinal);
        Assert.Contains("X-Tidepool-Local: 127.0.0.1", Upstreams.Asked, StringComparison.Ordinal);
        Assert.Contains($"X-Tidepool-Local-Port: {Caddy.WorkspacePort}", Upstreams.Asked, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, Upstreams.Asked, StringComparison.Ordinal);
        foreach (var holder in new[] { new string('8', 64), null, "", "[0-9a-f]+", ".*" })
        {
            Upstreams.Holder = holder;
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={Session}"));
        }

        Upstreams.Holder = Holder;
        Upstreams.GateStatus = 500;
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={Session}"));
    }

    [Fact]
    public async Task A_client_without_a_cookie_of_ours_costs_no_question()
    {
        await ApplyAsync(Route("alice", Alice));
        await StatusAsync(Caddy.WorkspacePort, "theme=dark");
        await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={new string('6', 64)}-{Holder}");
        Assert.Equal(0, Upstreams.HolderQuestions);
    }

    [Fact]
    public async Task Without_a_holder_no_session_is_given()
    {
        await ApplyAsync(Route("alice", Alice));
        Upstreams.Holder = null;
        using var http = Client(Caddy.WorkspacePort);
        using var answer = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task While_the_server_is_down_a_session_goes_on_by_its_token()
    {
        await ApplyAsync(Route("alice", Alice));
        await Upstreams.RemoveServerAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={Session}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={Token}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(Caddy.WorkspacePort, $"tidepool_session={new string('6', 64)}-{Holder}"));
    }

    [Fact]
    public async Task A_password_too_large_to_be_one_is_refused_before_the_gate_and_opens_it_for_no_other()
    {
        await ApplyAsync(Route("alice", Alice));
        using var http = Client(Caddy.WorkspacePort, null);
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Basic " + new string('a', 950_000));
        using var answer = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, answer.StatusCode);
        Assert.Equal(0, Upstreams.SignInAttempts);

        Upstreams.GateStatus = 429;
        using var next = Client(Caddy.WorkspacePort, "wrong");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await next.GetAsync(new Uri("workspace/alice/", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Caddy_checks_what_the_gate_substitutes_and_does_not_report_the_outcome()
    {
        await ApplyAsync(Route("alice", Alice));
        Upstreams.Substitute = "Basic " + Credentials("not the right one");
        using var http = Client(Caddy.ApiPort);
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync(new Uri("api/x", UriKind.Relative))).StatusCode);

        Upstreams.Substitute = "Basic " + Credentials(Password);
        using var other = Client(Caddy.ApiPort, "another");
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync(new Uri("api/x", UriKind.Relative))).StatusCode);
        Assert.Empty(Upstreams.Passed);
    }

    [Fact]
    public async Task An_error_behind_the_gate_stays_the_error_that_it_is()
    {
        await ApplyAsync(Route("alice", IPAddress.Parse("127.77.0.9")));
        using var http = Client(Caddy.WorkspacePort);
        using var dead = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        Assert.Contains("/workspace-page/alice", await dead.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(1, Upstreams.SignInAttempts);
    }

    [Fact]
    public async Task A_cancelled_prompt_shows_what_to_do()
    {
        await ApplyAsync(Route("alice", Alice));
        foreach (var port in new[] { Caddy.ApiPort, Caddy.WorkspacePort })
        {
            using var http = Client(port, null);
            using var answer = await http.GetAsync(new Uri(port == Caddy.ApiPort ? "app/" : "workspace/alice/", UriKind.Relative));
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("Basic", Assert.Single(answer.Headers.WwwAuthenticate).Scheme);
            Assert.Contains("<h1>You are not signed in.</h1>", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(int port, string cookie)
    {
        using var http = Client(port, null);
        http.DefaultRequestHeaders.Add("Cookie", cookie);
        using var response = await http.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        return response.StatusCode;
    }
}
