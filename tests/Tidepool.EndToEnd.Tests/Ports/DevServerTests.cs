using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Playwright;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Ports;

/// <summary>What developers run in a workspace works through its registered port as it does on their own machine.</summary>
[Collection(WholeTidepool.Name)]
public sealed class DevServerTests(RunningTidepool tidepool)
{
    private const int Mebibytes = 32;
    private const int VitePort = 5173;

    [Theory]
    [InlineData(true, "/told?a=b%20c", "/workspace/quay/port/3000")]
    [InlineData(false, "/workspace/quay/port/3000/told?a=b%20c", null)]
    public async Task A_server_learns_where_it_is_reached_and_nothing_of_the_user(bool stripPrefix, string path, string? prefix)
    {
        await using var quay = await OpenedWorkspace.CreateAsync(tidepool, "quay");
        await quay.OpenAsync(3000, stripPrefix);

        using var request = new HttpRequestMessage(HttpMethod.Get, quay.Url(3000, "told?a=b%20c"));
        request.Headers.Add("X-Tidepool-User", "somebody");
        using var response = await tidepool.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        var headers = answer.GetProperty("headers");
        Assert.Equal(path, answer.GetProperty("url").GetString());
        Assert.Equal(prefix, headers.TryGetProperty("x-forwarded-prefix", out var told) ? told.GetString() : null);
        Assert.Equal($"localhost:{tidepool.WorkspacePort}", headers.GetProperty("x-forwarded-host").GetString());
        Assert.Equal($"localhost:{tidepool.WorkspacePort}", headers.GetProperty("host").GetString());
        Assert.Equal("http", headers.GetProperty("x-forwarded-proto").GetString());
        Assert.DoesNotContain(headers.EnumerateObject(), h => h.Name is "authorization" || h.Name.StartsWith("x-tidepool", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Large_uploads_and_downloads_arrive_whole()
    {
        await using var quay = await OpenedWorkspace.CreateAsync(tidepool, "quay");
        await quay.OpenAsync(3000);

        var sent = RandomNumberGenerator.GetBytes(Mebibytes * 1024 * 1024);
        using var content = new ByteArrayContent(sent);
        using var uploaded = await tidepool.Http.PostAsync(quay.Url(3000, "upload"), content);
        var arrived = await uploaded.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal(sent.Length, arrived.GetProperty("bytes").GetInt32());
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(sent)), arrived.GetProperty("sha256").GetString());

        var expected = Enumerable.Range(0, Mebibytes).SelectMany(number => Enumerable.Repeat((byte)number, 1024 * 1024)).ToArray();
        var got = await tidepool.Http.GetByteArrayAsync(quay.Url(3000, $"download?mib={Mebibytes}"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(expected)), Convert.ToHexStringLower(SHA256.HashData(got)));
    }

    [Fact]
    public async Task One_connection_serves_many_requests_on_both_sides_of_the_proxy()
    {
        await using var quay = await OpenedWorkspace.CreateAsync(tidepool, "quay");
        await quay.OpenAsync(3000);
        await quay.UntilAnswersAsync(3000, answers: true);

        var dialled = 0;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                Interlocked.Increment(ref dialled);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync("localhost", tidepool.WorkspacePort, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", RunningTidepool.Credentials(RunningTidepool.Password));
        var connections = new HashSet<string>();
        for (var request = 0; request < 20; request++)
        {
            var answer = await client.GetFromJsonAsync<JsonElement>(quay.Url(3000, "connection"));
            Assert.Equal("1.1", answer.GetProperty("version").GetString());
            connections.Add(answer.GetProperty("connection").GetString()!);
        }

        Assert.Equal(1, dialled);
        Assert.Single(connections);
    }

    [Fact]
    public async Task Events_and_a_WebSocket_stay_open_in_a_browser_while_others_come_change_and_go()
    {
        await using var browser = await Browser.OpenAsync();
        await using var quay = await OpenedWorkspace.CreateAsync(tidepool, "quay");
        await quay.OpenAsync(3000);
        var page = browser.Page;
        await page.GotoAsync(quay.Url(3000).ToString());
        await GrowAsync(page);

        await using (var neighbour = await OpenedWorkspace.CreateAsync(tidepool, "neighbour"))
        {
            await GrowAsync(page);
            await neighbour.OpenAsync(3000);
            await neighbour.RegisterAsync(3000, "Changed", stripPrefix: false);
            await tidepool.Api.UnregisterPortAsync("neighbour", 3000);
            await GrowAsync(page);
            await tidepool.Api.StopAsync("neighbour");
            await tidepool.UntilAsync("neighbour", WorkspaceStatus.Stopped);
            await tidepool.Api.StartAsync("neighbour");
            await tidepool.UntilAsync("neighbour", WorkspaceStatus.Running);
            await GrowAsync(page);
        }

        // Nor does another port of its own workspace disturb it.
        await quay.OpenAsync(3001);
        await tidepool.Api.UnregisterPortAsync("quay", 3001);
        await GrowAsync(page);
        Assert.Equal("", await page.EvaluateAsync<string>("breaks.join()"));
    }

    [Fact]
    public async Task A_Vite_app_shows_each_change_without_being_loaded_again()
    {
        var vite = Environment.GetEnvironmentVariable("TIDEPOOL_TEST_VITE");
        Assert.SkipUnless(Directory.Exists(vite), "Vite is not installed: run ./test, which installs it where a registry of npm packages can be reached.");
        await using var browser = await Browser.OpenAsync();
        await using var quay = await OpenedWorkspace.CreateAsync(tidepool, "quay");
        const string App = "/home/dev/app";
        await quay.CopyAsync(vite!, App);
        await quay.Shell.WriteAsync($"{App}/index.html", """<!doctype html><title>App</title><h1></h1><script type="module" src="/main.js"></script>""");
        await quay.Shell.WriteAsync($"{App}/words.js", "export const words = 'First words';");
        await quay.Shell.WriteAsync($"{App}/main.js", """
            import { words } from "./words.js";
            const show = (text) => { document.querySelector("h1").textContent = text; };
            show(words);
            import.meta.hot.accept("./words.js", (changed) => show(changed.words));
            """);

        var added = await tidepool.CliAsync(["port", "add", "quay", $"{VitePort}", "--label", "Vite", "--whole-path"]);
        Assert.Contains(quay.Url(VitePort).ToString(), added.StandardOutput, StringComparison.Ordinal);
        await quay.Shell.StartAsync($"cd {App} && exec node node_modules/vite/bin/vite.js --host 0.0.0.0 --port {VitePort} --strictPort --base {quay.Url(VitePort).AbsolutePath} > /root/vite.log 2>&1");
        await quay.UntilReachedAsync(VitePort);

        var page = browser.Page;
        var connected = page.WaitForConsoleMessageAsync(new() { Predicate = message => message.Text.Contains("[vite] connected", StringComparison.Ordinal) });
        await page.GotoAsync(quay.Url(VitePort).ToString());
        await connected;
        await ShowsAsync(page, "First words");
        await page.EvaluateAsync("window.loadedOnce = true");

        await quay.Shell.WriteAsync($"{App}/words.js", "export const words = 'Second words';");
        await ShowsAsync(page, "Second words");
        await using (await OpenedWorkspace.CreateAsync(tidepool, "neighbour"))
        {
            await quay.Shell.WriteAsync($"{App}/words.js", "export const words = 'Third words';");
            await ShowsAsync(page, "Third words");
        }

        await quay.Shell.WriteAsync($"{App}/words.js", "export const words = 'Last words';");
        await ShowsAsync(page, "Last words");
        Assert.True(await page.EvaluateAsync<bool>("window.loadedOnce === true"));
    }

    private static Task ShowsAsync(IPage page, string words) =>
        Assertions.Expect(page.GetByRole(AriaRole.Heading)).ToHaveTextAsync(words, new() { Timeout = 30_000 });

    /// <summary>Both streams bring something new, and neither was ever broken.</summary>
    private static async Task GrowAsync(IPage page)
    {
        foreach (var stream in new[] { "events", "messages" })
        {
            var had = await page.EvaluateAsync<int>($"Number(document.getElementById('{stream}').textContent)");
            await page.WaitForFunctionAsync($"Number(document.getElementById('{stream}').textContent) > {had + 2}");
        }

        Assert.Equal("", await page.EvaluateAsync<string>("breaks.join()"));
    }
}
