using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Tidepool.Core.Accesses;

namespace Tidepool.Caddy.Tests;

[Collection(Collection)]
public sealed class CaddyAccessLogTests : CaddyTest
{
    private const string Secret = "s3cr3t-s3cr3t";

    [Fact]
    public async Task Each_request_to_a_workspace_leaves_a_time_and_a_name_and_nothing_of_its_user_or_path()
    {
        await ApplyAsync(Route("alice", Alice, 3000), Route("bob", Bob));
        using var http = Client(Caddy.WorkspacePort);
        http.DefaultRequestHeaders.Add("Cookie", $"tidepool_session={Secret}; mine={Secret}");
        http.DefaultRequestHeaders.Add("X-Mine", Secret);
        http.DefaultRequestHeaders.UserAgent.ParseAdd(Secret);
        await http.GetStringAsync(new Uri($"/workspace/alice/{Secret}?token={Secret}&answer-Set-Cookie={Secret}", UriKind.Relative));
        await http.GetStringAsync(new Uri($"/workspace/alice/port/3000/?{Secret}", UriKind.Relative));

        var accesses = await UntilAsync(2);
        Assert.All(accesses, access => Assert.Equal("alice", access.Workspace.Value));
        Assert.All(accesses, access => Assert.InRange(access.At, TimeProvider.System.GetUtcNow().AddMinutes(-1), TimeProvider.System.GetUtcNow()));
        Assert.Empty(await AccessLog.ReadAsync(TestContext.Current.CancellationToken));

        var text = await File.ReadAllTextAsync(Caddy.AccessLogFile, TestContext.Current.CancellationToken);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            Assert.Equal(["ts", "workspace"], document.RootElement.EnumerateObject().Select(p => p.Name).Order());
        }

        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Credentials(Password), text, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Caddy.AccessLogFile));
    }

    [Fact]
    public async Task What_is_not_let_in_is_not_there_or_does_not_answer_was_not_used()
    {
        await ApplyAsync(Route("alice", Alice), Route("nobody", IPAddress.Parse("127.77.0.99")));
        using var stranger = Client(Caddy.WorkspacePort, password: null);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(new Uri("/workspace/alice/", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        using var guesser = Client(Caddy.WorkspacePort, "wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, (await guesser.GetAsync(new Uri("/workspace/alice/", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        using var owner = Client(Caddy.WorkspacePort);
        await owner.GetAsync(new Uri("/workspace/missing/", UriKind.Relative), TestContext.Current.CancellationToken);
        await owner.GetAsync(new Uri("/workspace/nobody/", UriKind.Relative), TestContext.Current.CancellationToken);
        await owner.GetAsync(new Uri("/workspace/alice/port/4000/", UriKind.Relative), TestContext.Current.CancellationToken);
        using var api = Client(Caddy.ApiPort);
        await api.GetAsync(new Uri("/api/workspaces", UriKind.Relative), TestContext.Current.CancellationToken);
        await owner.GetStringAsync(new Uri("/workspace/alice/", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(["alice"], (await UntilAsync(1)).Select(access => access.Workspace.Value));
        Assert.Single(await File.ReadAllLinesAsync(Caddy.AccessLogFile, TestContext.Current.CancellationToken));
        var text = await File.ReadAllTextAsync(Caddy.AccessLogFile, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("missing", text, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_WebSocket_counts_when_it_ends()
    {
        await ApplyAsync(Route("alice", Alice));
        using (var socket = await ConnectAsync("alice"))
        {
            await ReceiveAsync(socket);
            Assert.Empty(await AccessLog.ReadAsync(TestContext.Current.CancellationToken));
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, TestContext.Current.CancellationToken);
        }

        Assert.Equal(["alice"], (await UntilAsync(1)).Select(access => access.Workspace.Value));
    }

    [Fact]
    public async Task The_log_goes_on_through_changes_of_routes_and_restarts_of_Caddy()
    {
        await ApplyAsync(Route("alice", Alice));
        await GetTextAsync("/workspace/alice/");
        Assert.Single(await UntilAsync(1));

        await ApplyAsync(Route("alice", Alice), Route("bob", Bob));
        await GetTextAsync("/workspace/bob/");
        Assert.Equal(["bob"], (await UntilAsync(1)).Select(access => access.Workspace.Value));

        await Caddy.KillAsync();
        await Caddy.StartAsync();
        await GetTextAsync("/workspace/alice/");
        Assert.Equal(["alice"], (await UntilAsync(1)).Select(access => access.Workspace.Value));
    }

    private async Task<IReadOnlyList<Access>> UntilAsync(int count)
    {
        var accesses = new List<Access>();
        var began = TimeProvider.System.GetTimestamp();
        while (accesses.Count < count)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1), $"Only {accesses.Count} of {count} accesses are in the log.");
            accesses.AddRange(await AccessLog.ReadAsync(TestContext.Current.CancellationToken));
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        return accesses;
    }
}
