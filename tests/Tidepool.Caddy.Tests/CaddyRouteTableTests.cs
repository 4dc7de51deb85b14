using System.Net;
using System.Net.WebSockets;

namespace Tidepool.Caddy.Tests;

/// <summary>The route table against a real Caddy.</summary>
[Collection(Collection)]
public sealed class CaddyRouteTableTests : CaddyTest
{
    [Fact]
    public async Task Routes_come_change_and_go_and_what_is_so_already_costs_no_reload()
    {
        Assert.True(await ApplyAsync(Route("alice", Alice)));
        Assert.StartsWith("alice\nGET /hello?a=1", await GetTextAsync("workspace/alice/hello?a=1"), StringComparison.Ordinal);
        Assert.False(await ApplyAsync(Route("alice", Alice)));

        Assert.True(await ApplyAsync(Route("alice", Bob)));
        Assert.StartsWith("bob\n", await GetTextAsync("workspace/alice/"), StringComparison.Ordinal);

        Assert.True(await ApplyAsync());
        Assert.StartsWith("server\nGET /workspace-page/alice\n", await GetTextAsync("workspace/alice/anything"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restarted_caddy_serves_the_last_routes_at_once_and_a_blank_one_gets_them_back()
    {
        await ApplyAsync(Route("alice", Alice));
        await Caddy.KillAsync();
        await Caddy.StartAsync();
        Assert.StartsWith("alice\n", await GetTextAsync("workspace/alice/"), StringComparison.Ordinal);

        await Caddy.KillAsync();
        var text = (await File.ReadAllTextAsync(Caddy.ConfigFile)).Replace("workspace-alice", "workspace-nobody", StringComparison.Ordinal).Replace("/workspace/alice", "/workspace/nobody", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Caddy.ConfigFile, text);
        await Caddy.StartAsync();
        Assert.True(await ApplyAsync(Route("alice", Alice)));
        Assert.StartsWith("alice\n", await GetTextAsync("workspace/alice/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_editors_program_comes_after_a_script_of_ours()
    {
        const string Program = "stable-0123abcd/static/out/vs/code/browser/workbench/workbench.js";
        await ApplyAsync(Route("alice", Alice, 3000));
        Assert.StartsWith("// Runs before the editor", await GetTextAsync($"workspace/alice/{Program}"), StringComparison.Ordinal);
        Assert.StartsWith($"alice\nGET /{Program}?editor", await GetTextAsync($"workspace/alice/{Program}?editor"), StringComparison.Ordinal);
        Assert.Contains($"/{Program}", await GetTextAsync($"workspace/alice/port/3000/{Program}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_writers_at_once_end_with_one_whole_table()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => ApplyAsync([.. Enumerable.Range(0, i).Select(n => Route($"many-{n}", Alice))])));
        await ApplyAsync(Route("alice", Alice), Route("bob", Bob));
        Assert.StartsWith("alice\n", await GetTextAsync("workspace/alice/"), StringComparison.Ordinal);
        Assert.StartsWith("bob\n", await GetTextAsync("workspace/bob/"), StringComparison.Ordinal);
        Assert.StartsWith("server\n", await GetTextAsync("workspace/many-1/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_of_routes_resets_no_new_connection()
    {
        await ApplyAsync(Route("alice", Alice));
        using var done = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var visitors = Enumerable.Range(0, 4).Select(_ => Task.Run(() => VisitAsync(done.Token))).ToArray();
        for (var change = 0; change < 100; change++)
        {
            await ApplyAsync(Route("alice", Alice), Route($"other-{change}", Bob));
        }

        await done.CancelAsync();
        await Task.WhenAll(visitors);
    }

    private async Task VisitAsync(CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            using var http = Client(Caddy.WorkspacePort);
            Assert.StartsWith("alice\n", await http.GetStringAsync(new Uri("workspace/alice/", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_port_goes_before_the_editor_and_no_name_steals_anothers_port()
    {
        await ApplyAsync(Route("alice", Alice, 3000), Route("alice-port-3000", Bob));
        var port = await GetTextAsync("workspace/alice/port/3000/path?q=1");
        Assert.StartsWith("alice on 3000\nGET /path?q=1\n", port, StringComparison.Ordinal);
        Assert.Contains("X-Forwarded-Prefix: /workspace/alice/port/3000\n", port, StringComparison.Ordinal);
        Assert.StartsWith("bob\n", await GetTextAsync("workspace/alice-port-3000/"), StringComparison.Ordinal);
        Assert.StartsWith("server\nGET /workspace-page/alice/port/3001\n", await GetTextAsync("workspace/alice/port/3001/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_listen_yet_is_reported_by_a_page()
    {
        await ApplyAsync(Route("alice", Alice, 4000), Route("gone", IPAddress.Parse("127.77.0.9")));
        Assert.StartsWith("server\nGET /workspace-page/alice/port/4000\n", await GetTextAsync("workspace/alice/port/4000/"), StringComparison.Ordinal);
        Assert.StartsWith("server\nGET /workspace-page/gone\n", await GetTextAsync("workspace/gone/"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("workspace/alice", "/workspace/alice/")]
    [InlineData("workspace/alice?folder=%2Fx", "/workspace/alice/?folder=%2Fx")]
    [InlineData("workspace/alice/port/3000?a=1&b=2", "/workspace/alice/port/3000/?a=1&b=2")]
    public async Task A_missing_slash_is_added_and_the_query_kept(string path, string location)
    {
        await ApplyAsync(Route("alice", Alice, 3000));
        using var http = Client(Caddy.WorkspacePort);
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.PermanentRedirect, response.StatusCode);
        Assert.Equal(location, response.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Neither_password_nor_identity_reaches_a_workspace()
    {
        await ApplyAsync(Route("alice", Alice, 3000));
        using var http = Client(Caddy.WorkspacePort);
        http.DefaultRequestHeaders.Add("X-Tidepool-User", "forged");
        http.DefaultRequestHeaders.Add("X-Tidepool-Anything", "forged");
        foreach (var path in new[] { "workspace/alice/", "workspace/alice/port/3000/", "workspace/unknown/" })
        {
            var seen = await http.GetStringAsync(new Uri(path, UriKind.Relative));
            Assert.DoesNotContain("Authorization", seen, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("forged", seen, StringComparison.OrdinalIgnoreCase);
        }

        using var socket = await ConnectAsync("alice");
        Assert.DoesNotContain("Authorization", await ReceiveAsync(socket), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_server_learns_who_it_is_from_caddy_alone()
    {
        await ApplyAsync();
        using var http = Client(Caddy.ApiPort);
        http.DefaultRequestHeaders.Add("X-Tidepool-Signed-In", "forged");
        var seen = await http.GetStringAsync(new Uri("api/workspaces", UriKind.Relative));
        Assert.Contains($"X-Tidepool-Signed-In: {await File.ReadAllTextAsync(Caddy.ProxySecretFile)}\n", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization", seen, StringComparison.OrdinalIgnoreCase);
        using var stranger = Client(Caddy.ApiPort, null);
        stranger.DefaultRequestHeaders.Add("X-Tidepool-Signed-In", "forged");
        Assert.DoesNotContain("X-Tidepool", await stranger.GetStringAsync(new Uri("api/health", UriKind.Relative)), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_service_worker_is_kept_to_its_workspace()
    {
        await ApplyAsync(Route("alice", Alice));
        using var http = Client(Caddy.WorkspacePort);
        using var response = await http.GetAsync(new Uri("workspace/alice/worker.js", UriKind.Relative));
        Assert.Equal("/workspace/alice/", Assert.Single(response.Headers.GetValues("Service-Worker-Allowed")));
        Assert.False(response.Headers.Contains("Clear-Site-Data"));
    }

    [Fact]
    public async Task Only_the_right_password_comes_in_and_a_new_one_is_in_force_at_once()
    {
        await ApplyAsync(Route("alice", Alice));
        foreach (var port in new[] { Caddy.ApiPort, Caddy.WorkspacePort })
        {
            foreach (var wrong in new[] { null, "", "wrong" })
            {
                using var http = Client(port, wrong);
                foreach (var path in new[] { "", "api/workspaces", "app/", "workspace/alice/", "workspace/unknown/", "nothing" })
                {
                    using var response = await http.GetAsync(new Uri(path, UriKind.Relative));
                    Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
                }
            }
        }

        using var old = Client(Caddy.WorkspacePort);
        Password = "new";
        Assert.True(await ApplyAsync(Route("alice", Alice)));
        using var refused = await old.GetAsync(new Uri("workspace/alice/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.StartsWith("alice\n", await GetTextAsync("workspace/alice/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WebSockets_stay_open_over_a_hundred_changes()
    {
        await ApplyAsync(Route("alice", Alice));
        var sockets = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ConnectAsync("alice")));
        foreach (var socket in sockets)
        {
            await ReceiveAsync(socket);
        }

        for (var change = 0; change < 100; change++)
        {
            Assert.True(await ApplyAsync(Route("alice", Alice), Route($"other-{change}", Bob)));
        }

        foreach (var socket in sockets)
        {
            await socket.SendAsync("still here"u8.ToArray(), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
            Assert.Equal("still here", await ReceiveAsync(socket));
            socket.Abort();
            socket.Dispose();
        }
    }

    [Fact]
    public async Task A_stream_that_is_being_answered_goes_on_over_changes()
    {
        await ApplyAsync(Route("alice", Alice));
        using var http = Client(Caddy.WorkspacePort);
        await using var stream = await http.GetStreamAsync(new Uri("workspace/alice/stream", UriKind.Relative));
        using var lines = new StreamReader(stream);
        Assert.Equal("tick", await lines.ReadLineAsync());
        for (var change = 0; change < 3; change++)
        {
            await ApplyAsync(Route("alice", Alice), Route($"other-{change}", Bob));
        }

        // Longer than the time that Caddy is given to end what an older configuration still answers: it must not count here.
        for (var tick = 0; tick < 40; tick++)
        {
            Assert.Equal("tick", await lines.ReadLineAsync());
        }
    }

    [Fact]
    public async Task The_files_and_sockets_with_secrets_are_the_owners_alone()
    {
        await ApplyAsync();
        const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(Owner | UnixFileMode.GroupRead, File.GetUnixFileMode(Caddy.ConfigFile));
        Assert.Equal(Owner, File.GetUnixFileMode(Caddy.AdminSocket) & ~UnixFileMode.UserExecute);
        Assert.DoesNotContain(Directory.EnumerateFiles(Caddy.Root, "*", SearchOption.AllDirectories), path => path.Contains("autosave", StringComparison.Ordinal));
    }
}
