using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using Microsoft.Playwright;
using Tidepool.Contracts;
using Tidepool.EndToEnd.Tests.Isolation;
using Tidepool.EndToEnd.Tests.Ports;

namespace Tidepool.EndToEnd.Tests.FrontDoor;

/// <summary>Two workspaces of a Tidepool of these tests' own: they change its password and kill its parts.</summary>
public sealed class TwoWorkspaces : IAsyncLifetime
{
    public const string First = "first";
    public const string Second = "second";
    public const int Port = 3000;

    public RunningTidepool Tidepool { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Tidepool.InitializeAsync();
        await using var program = typeof(OpenedWorkspace).Assembly.GetManifestResourceStream("server.js")!;
        foreach (var name in new[] { First, Second })
        {
            await Tidepool.CreateAsync(name);
        }

        foreach (var name in new[] { First, Second })
        {
            var workspace = await Tidepool.UntilAsync(name, WorkspaceStatus.Running);
            if (name == First)
            {
                using var shell = new WorkspaceShell(Tidepool.State, workspace.Id);
                await shell.WriteAsync(OpenedWorkspace.Program, program);
                await shell.StartAsync($"exec node {OpenedWorkspace.Program} {Port}");
                Assert.True((await Tidepool.Api.RegisterPortAsync(name, new RegisterPortRequest(Port))).Succeeded);
            }
        }

        await AnswerAsync();
    }

    public string PortUrl => $"{Tidepool.WorkspaceUrl(First)}port/{Port}/";

    /// <summary>Until everything that the tests open can be opened with the password, whatever was killed.</summary>
    public async Task AnswerAsync()
    {
        foreach (var address in new[] { Tidepool.WorkspaceUrl(First) + "healthz", Tidepool.WorkspaceUrl(Second) + "healthz", PortUrl })
        {
            await Until.TrueAsync($"{address} answers", async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                request.Headers.Authorization = Tidepool.Http.DefaultRequestHeaders.Authorization;
                using var response = await Tidepool.Http.SendAsync(request);
                return response.StatusCode == HttpStatusCode.OK;
            });
        }

        await Until.TrueAsync("the API answers", async () => (await Tidepool.Api.ListAsync()).Succeeded);
    }

    public ValueTask DisposeAsync() => Tidepool.DisposeAsync();
}

/// <summary>
/// One prompt for the password, at the API's port, opens everything: in real Chromium, which knows the password for that port alone,
/// so that a second prompt on the workspaces' port cannot be answered.
/// </summary>
[Collection(WholeTidepool.Name)]
public sealed class OneSignInTests(TwoWorkspaces two) : IClassFixture<TwoWorkspaces>, IAsyncLifetime
{
    private const string NewPassword = "another-horse-another-battery";
    private readonly ConcurrentQueue<string> challenges = new();
    private readonly ConcurrentQueue<string> messages = new();
    private Browser browser = null!;

    private RunningTidepool Tidepool => two.Tidepool;

    public async ValueTask InitializeAsync() => browser = await Browser.OpenAsync();

    public ValueTask DisposeAsync() => browser.DisposeAsync();

    [Fact]
    public async Task One_sign_in_opens_the_list_the_editor_a_port_a_second_workspace_and_a_new_tab()
    {
        await using var context = await SignInAsync();
        var page = context.Pages[0];

        // As a person does: by the page's own button.
        await page.GetByRole(AriaRole.Link, new() { Name = $"Open {TwoWorkspaces.First}", Exact = true }).ClickAsync();
        await page.WaitForURLAsync(url => url.StartsWith(Tidepool.WorkspaceUrl(TwoWorkspaces.First), StringComparison.Ordinal), new() { WaitUntil = WaitUntilState.Commit });
        await EditorAsync(page);
        await OpensAsync(page, two.PortUrl);
        await OpensAsync(page, Tidepool.WorkspaceUrl(TwoWorkspaces.Second));
        await EditorAsync(page);
        await EverythingOpensInANewTabAsync(context);
        Assert.Empty(challenges);
    }

    [Theory]
    [InlineData("server")]
    [InlineData("worker")]
    [InlineData("caddy")]
    [InlineData("incusd")]
    [InlineData("supervisor")]
    public async Task A_sign_in_outlives_each_part(string part)
    {
        await using var context = await SignInAsync();
        await EverythingOpensInANewTabAsync(context);
        var before = Tidepool.PidOf(part);
        using (var victim = Process.GetProcessById(before))
        {
            victim.Kill();
        }

        if (part == "supervisor")
        {
            await Tidepool.UpAsync();
        }

        await Until.TrueAsync($"{part} runs again", () => Task.FromResult(Tidepool.PidOf(part) != before));
        await two.AnswerAsync();
        await EverythingOpensInANewTabAsync(context);
        Assert.Empty(challenges);
    }

    [Fact]
    public async Task A_sign_in_outlives_a_change_of_routes()
    {
        await using var context = await SignInAsync();
        await EverythingOpensInANewTabAsync(context);
        Assert.True((await Tidepool.Api.RegisterPortAsync(TwoWorkspaces.Second, new RegisterPortRequest(4000))).Succeeded);
        await Until.TrueAsync("the port has a route", async () =>
            (await Tidepool.Http.GetStringAsync(new Uri($"{Tidepool.WorkspaceUrl(TwoWorkspaces.First)}healthz"))).Length > 0
            && (await File.ReadAllTextAsync(Path.Combine(Tidepool.State, "caddy", "config.json"))).Contains("port/4000", StringComparison.Ordinal));
        await EverythingOpensInANewTabAsync(context);
        await Tidepool.Api.UnregisterPortAsync(TwoWorkspaces.Second, 4000);
        await EverythingOpensInANewTabAsync(context);
        Assert.Empty(challenges);
    }

    [Fact]
    public async Task A_changed_password_ends_the_sign_in()
    {
        await using var context = await SignInAsync();
        await EverythingOpensInANewTabAsync(context);
        await Tidepool.CliAsync(["password", "--stdin"], input: NewPassword);
        try
        {
            var session = (await context.CookiesAsync([Tidepool.WorkspaceUrl(TwoWorkspaces.First)])).Single(c => c.Name == "tidepool_session").Value;
            await Until.TrueAsync("the new password is in force", async () =>
            {
                using var owner = Tidepool.Client(NewPassword);
                return (await owner.GetAsync(new Uri("api/workspaces", UriKind.Relative))).IsSuccessStatusCode;
            });
            foreach (var address in new[] { Tidepool.WorkspaceUrl(TwoWorkspaces.First), two.PortUrl })
            {
                Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(address, session));
            }
        }
        finally
        {
            await Tidepool.CliAsync(["password", "--stdin"], input: RunningTidepool.Password);
            await two.AnswerAsync();
        }
    }

    [Fact]
    public async Task A_cancelled_prompt_shows_a_page_that_says_what_to_do()
    {
        await using var context = await ContextAsync(null);
        var page = context.Pages[0];
        await CancelPromptsAsync(await context.NewCDPSessionAsync(page));
        foreach (var address in new[] { Tidepool.AppUrl, Tidepool.WorkspaceUrl(TwoWorkspaces.First), $"http://localhost:{Tidepool.ApiPort}/api/workspaces" })
        {
            using var client = Tidepool.Client(null);
            using var answer = await client.GetAsync(new Uri(address));
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
            Assert.Contains(answer.Headers.WwwAuthenticate, challenge => challenge.Scheme == "Basic");

            var shown = await page.GotoAsync(address);
            Assert.Equal(401, shown!.Status);
            Assert.Contains("tidepool password", await page.InnerTextAsync("body"), StringComparison.Ordinal);
            Assert.True(await page.GetByRole(AriaRole.Link).First.IsVisibleAsync());
        }
    }

    [Fact]
    public async Task A_password_in_the_address_opens_the_page_and_is_never_sent_on()
    {
        await using var context = await ContextAsync(null);
        var page = context.Pages[0];
        await page.GotoAsync($"http://{RunningTidepool.UserName}:{RunningTidepool.Password}@localhost:{Tidepool.ApiPort}/app/");
        await page.GetByText(TwoWorkspaces.First, new() { Exact = true }).First.WaitForAsync();
        Assert.Equal(Tidepool.AppUrl, await page.EvaluateAsync<string>("location.href"));
        Assert.Equal(Tidepool.AppUrl, await page.EvaluateAsync<string>("document.baseURI"));
        Assert.DoesNotContain("@", await page.EvaluateAsync<string>("document.URL + document.referrer + performance.getEntries().map(e => e.name).join()"), StringComparison.Ordinal);

        await page.GetByRole(AriaRole.Link, new() { Name = $"Open {TwoWorkspaces.First}", Exact = true }).ClickAsync();
        await EditorAsync(page);
        Assert.Empty(challenges);
        string[] secrets = [RunningTidepool.Password, RunningTidepool.Credentials(RunningTidepool.Password)];
        Assert.DoesNotContain(messages, message => secrets.Any(s => message.Contains(s, StringComparison.Ordinal)));
        var files = new[] { "logs", ".logs", "caddy" }.Select(d => Path.Combine(Tidepool.State, d)).Where(Directory.Exists)
            .SelectMany(d => Directory.EnumerateFiles(d, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })).ToList();
        Assert.Contains(files, f => f.EndsWith("access.log", StringComparison.Ordinal));
        foreach (var file in files)
        {
            var text = await File.ReadAllTextAsync(file);
            Assert.DoesNotContain(secrets, secret => text.Contains(secret, StringComparison.Ordinal));
        }
    }

    /// <summary>A browser sends a cookie to every port of a host name, so another user of this machine can come to know it.</summary>
    [Fact]
    public async Task A_session_is_worth_nothing_to_another_user_of_this_machine()
    {
        using var signedIn = await Tidepool.Http.GetAsync(new Uri(Tidepool.AppUrl));
        var cookie = signedIn.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("tidepool_session=", StringComparison.Ordinal)).Split(';')[0];
        foreach (var host in new[] { "127.0.0.1", "[::1]", "localhost" })
        {
            foreach (var (user, status) in new[] { (0, "200"), (54321, "401") })
            {
                foreach (var address in new[] { Tidepool.WorkspaceUrl(TwoWorkspaces.First) + "healthz", two.PortUrl })
                {
                    var script = $"setpriv --reuid {user} --clear-groups curl --silent --output /dev/null --write-out '%{{http_code}}' --header 'Cookie: {cookie}' '{address.Replace("localhost", host, StringComparison.Ordinal)}'";
                    Assert.Equal(status, await OutsideWorld.ShellAsync(script));
                }
            }
        }
    }

    /// <summary>Safari's case: it sends no password with a WebSocket, and here never gave one to that port.</summary>
    [Fact]
    public async Task The_session_of_a_sign_in_at_the_page_opens_a_WebSocket_by_itself()
    {
        using var signedIn = await Tidepool.Http.GetAsync(new Uri(Tidepool.AppUrl));
        Assert.Equal(HttpStatusCode.OK, signedIn.StatusCode);
        Assert.True(signedIn.Headers.TryGetValues("Set-Cookie", out var cookies), "The API's port gave no session.");
        var cookie = Assert.Single(cookies, c => c.StartsWith("tidepool_session=", StringComparison.Ordinal));
        Assert.EndsWith("; Path=/workspace/; HttpOnly; SameSite=Lax", cookie, StringComparison.Ordinal);

        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Cookie", cookie.Split(';')[0]);
        socket.Options.SetRequestHeader("Origin", $"http://localhost:{Tidepool.WorkspacePort}");
        var address = $"ws://localhost:{Tidepool.WorkspacePort}/workspace/{TwoWorkspaces.First}/?reconnectionToken={Guid.NewGuid()}&reconnection=false&skipWebSocketFrames=false";
        await socket.ConnectAsync(new Uri(address), TestContext.Current.CancellationToken);
        Assert.Equal(WebSocketState.Open, socket.State);

        // To the API it opens nothing.
        using var stranger = Tidepool.Client(null);
        stranger.DefaultRequestHeaders.Add("Cookie", cookie.Split(';')[0]);
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(new Uri("api/workspaces", UriKind.Relative))).StatusCode);
    }

    /// <summary>Presses Cancel whenever the browser asks for a password, as a person does; Chromium without a window has no such button.</summary>
    private static async Task CancelPromptsAsync(ICDPSession browser)
    {
        browser.Event("Fetch.requestPaused").OnEvent += (_, paused) =>
            _ = browser.SendAsync("Fetch.continueRequest", new() { ["requestId"] = paused!.Value.GetProperty("requestId").GetString()! });
        browser.Event("Fetch.authRequired").OnEvent += (_, asked) =>
            _ = browser.SendAsync("Fetch.continueWithAuth", new()
            {
                ["requestId"] = asked!.Value.GetProperty("requestId").GetString()!,
                ["authChallengeResponse"] = new Dictionary<string, object> { ["response"] = "CancelAuth" },
            });
        await browser.SendAsync("Fetch.enable", new() { ["handleAuthRequests"] = true });
    }

    /// <summary>A browser that has signed in at the page, and nowhere else.</summary>
    private async Task<IBrowserContext> SignInAsync()
    {
        var context = await ContextAsync(new HttpCredentials { Username = RunningTidepool.UserName, Password = RunningTidepool.Password, Origin = $"http://localhost:{Tidepool.ApiPort}" });
        await context.Pages[0].GotoAsync(Tidepool.AppUrl);
        await context.Pages[0].GetByText(TwoWorkspaces.Second, new() { Exact = true }).First.WaitForAsync();
        return context;
    }

    /// <summary>With one tab. Every question for a password that the workspaces' port asks is noted, and all that the console says.</summary>
    private async Task<IBrowserContext> ContextAsync(HttpCredentials? credentials)
    {
        var context = await browser.Page.Context.Browser!.NewContextAsync(new BrowserNewContextOptions { HttpCredentials = credentials, ViewportSize = new ViewportSize { Width = 1280, Height = 900 } });
        context.SetDefaultTimeout(60_000);
        context.Response += (_, response) =>
        {
            if (response.Status == 401 && new Uri(response.Url).Port == Tidepool.WorkspacePort)
            {
                challenges.Enqueue(response.Url);
            }
        };
        context.Console += (_, message) => messages.Enqueue(message.Text + " " + message.Location);
        await context.NewPageAsync();
        return context;
    }

    private async Task EverythingOpensInANewTabAsync(IBrowserContext context)
    {
        var tab = await context.NewPageAsync();
        await OpensAsync(tab, Tidepool.WorkspaceUrl(TwoWorkspaces.First));
        await EditorAsync(tab);
        await OpensAsync(tab, Tidepool.WorkspaceUrl(TwoWorkspaces.Second));
        await OpensAsync(tab, two.PortUrl);
        await OpensAsync(tab, Tidepool.AppUrl);
        await tab.GetByText(TwoWorkspaces.Second, new() { Exact = true }).First.WaitForAsync();
        await tab.CloseAsync();
    }

    private static async Task OpensAsync(IPage page, string address)
    {
        var answer = await page.GotoAsync(address, new() { WaitUntil = WaitUntilState.DOMContentLoaded });
        Assert.True(answer!.Status == 200, $"{address} was answered with {answer.Status}.");
    }

    private static Task EditorAsync(IPage page) => page.Locator(".monaco-workbench").First.WaitForAsync();

    private async Task<HttpStatusCode> StatusAsync(string address, string session)
    {
        using var client = Tidepool.Client(null);
        client.DefaultRequestHeaders.Add("Cookie", "tidepool_session=" + session);
        using var response = await client.GetAsync(new Uri(address));
        return response.StatusCode;
    }
}
