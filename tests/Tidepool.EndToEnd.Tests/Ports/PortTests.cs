using System.Net;
using System.Text;
using Microsoft.Playwright;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Ports;

/// <summary>A port's life, from before anything listens there to its removal, against all real parts.</summary>
[Collection(WholeTidepool.Name)]
public sealed class PortTests(RunningTidepool tidepool)
{
    private static readonly Uri AllWorkspaces = new("api/workspaces", UriKind.Relative);

    [Fact]
    public async Task A_port_comes_alive_by_itself_is_kept_over_a_stop_and_is_gone_once_removed()
    {
        await using var browser = await Browser.OpenAsync();
        await using var quay = await OpenedWorkspace.CreateAsync(tidepool, "quay");
        var registered = await quay.RegisterAsync(3000, "API");
        Assert.Equal(quay.Url(3000).ToString(), registered.Url);
        Assert.False(registered.Answers);

        await browser.Page.GotoAsync(registered.Url!);
        await Assertions.Expect(browser.Page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Nothing answers on port 3000 of quay yet.");
        await browser.ShootAsync("port-1-nothing-answers");
        await StatusIsAsync(quay.Url(3000), HttpStatusCode.BadGateway);

        await quay.ServeAsync(3000);
        await Assertions.Expect(browser.Page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Port 3000 listens", new() { Timeout = 30_000 });
        await quay.UntilAnswersAsync(3000, answers: true);

        await quay.StopServingAsync(3000);
        await quay.UntilAnswersAsync(3000, answers: false);
        await quay.ServeAsync(3000);
        await quay.UntilAnswersAsync(3000, answers: true);

        await tidepool.Api.StopAsync("quay");
        var stopped = await tidepool.UntilAsync("quay", WorkspaceStatus.Stopped);
        await quay.UntilAnswersAsync(3000, answers: false);
        Assert.Equal("API", Assert.Single(stopped.Ports).Label);
        await StatusIsAsync(quay.Url(3000), HttpStatusCode.ServiceUnavailable);
        await tidepool.Api.StartAsync("quay");
        await tidepool.UntilAsync("quay", WorkspaceStatus.Running);
        await quay.ServeAsync(3000);
        await quay.UntilReachedAsync(3000);

        await tidepool.CliAsync(["port", "rm", "quay", "3000"]);
        Assert.Equal(ProblemCodes.NotFound, (await tidepool.Api.UnregisterPortAsync("quay", 3000)).Problem?.Code);
        await Until.TrueAsync("the removed port is closed", async () => await StatusOfAsync(quay.Url(3000)) == HttpStatusCode.NotFound);
        await browser.Page.GotoAsync(registered.Url!);
        await Assertions.Expect(browser.Page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Port 3000 of quay is not registered.");
        await browser.ShootAsync("port-2-not-registered");
        await browser.Page.GetByRole(AriaRole.Link).ClickAsync();
        await Assertions.Expect(browser.Page.GetByLabel("Port", new() { Exact = true })).ToHaveValueAsync("3000");
    }

    [Fact]
    public async Task A_removed_port_cuts_off_what_is_connected_to_it()
    {
        await using var browser = await Browser.OpenAsync();
        await using var quay = await OpenedWorkspace.CreateAsync(tidepool, "quay");
        await quay.OpenAsync(3000);
        await browser.Page.GotoAsync(quay.Url(3000).ToString());
        await Assertions.Expect(browser.Page.Locator("#messages")).Not.ToHaveTextAsync("0");

        await tidepool.Api.UnregisterPortAsync("quay", 3000);
        await browser.Page.WaitForFunctionAsync("breaks.includes('events') && breaks.includes('socket')");
    }

    [Fact]
    public async Task A_sixth_port_is_refused_and_a_wrong_one_is_reported_by_field()
    {
        await using var quay = await OpenedWorkspace.CreateAsync(tidepool, "quay");
        using var first = await PostAsync("""{"port":3000,"label":"API"}""");
        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal($"/api/workspaces/{quay.Id}/ports", first.Headers.Location?.OriginalString);
        using var again = await PostAsync("""{"port":3000,"label":"API"}""");
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        using var changed = await PostAsync("""{"port":3000,"label":"Web","stripPrefix":false}""");
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        var port = Assert.Single((await tidepool.Api.PortsAsync("quay")).Value!);
        Assert.Equal(("Web", false), (port.Label, port.StripPrefix));

        for (var number = 3001; number < 3005; number++)
        {
            await quay.RegisterAsync(number);
        }

        Assert.Equal(ProblemCodes.PortLimit, (await tidepool.Api.RegisterPortAsync("quay", new RegisterPortRequest(3005))).Problem?.Code);
        foreach (var (request, field) in new[] { ("""{"port":80}""", "port"), ("{}", "port"), ("""{"port":65536}""", "port"), ("""{"port":3000,"label":"two\nlines"}""", "label") })
        {
            using var refused = await PostAsync(request);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains($"\"{field}\":[", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_person_adds_opens_copies_and_removes_a_port_and_takes_it_back()
    {
        await using var browser = await Browser.OpenAsync();
        await using var quay = await OpenedWorkspace.CreateAsync(tidepool, "quay");
        await quay.ServeAsync(3000);
        var page = browser.Page;
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GotoAsync(tidepool.AppUrl + "workspaces/quay?port=3000");
        await Assertions.Expect(page.GetByLabel("Port", new() { Exact = true })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("API");
        await page.Keyboard.PressAsync("Enter");

        var ports = page.GetByRole(AriaRole.Region, new() { Name = "Ports" });
        await Assertions.Expect(ports.GetByRole(AriaRole.Listitem)).ToContainTextAsync("3000 API");
        await Assertions.Expect(ports.GetByRole(AriaRole.Status)).ToContainTextAsync("Port 3000 is registered.");
        await Assertions.Expect(ports.GetByRole(AriaRole.Listitem)).ToContainTextAsync("Answers", new() { Timeout = 30_000 });

        await ports.GetByRole(AriaRole.Button, new() { Name = "Copy URL of port 3000" }).ClickAsync();
        await Assertions.Expect(ports.GetByRole(AriaRole.Status)).ToContainTextAsync("copied");
        Assert.Equal(quay.Url(3000).ToString(), await page.EvaluateAsync<string>("navigator.clipboard.readText()"));

        var opened = await page.RunAndWaitForPopupAsync(() => ports.GetByRole(AriaRole.Link, new() { Name = "Open port 3000" }).ClickAsync());
        await Assertions.Expect(opened.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Port 3000 listens");
        Assert.True(await opened.EvaluateAsync<bool>("window.opener === null"));

        await quay.RegisterAsync(5173, "Vite", stripPrefix: false);
        await Assertions.Expect(ports.GetByRole(AriaRole.Listitem).Nth(1)).ToContainTextAsync("5173 Vite");
        await ShootEveryWayAsync(browser, "port-3-section");

        await ports.GetByRole(AriaRole.Button, new() { Name = "Remove port 5173" }).ClickAsync();
        await Assertions.Expect(ports.GetByRole(AriaRole.Button, new() { Name = "Put port 5173 back" })).ToBeFocusedAsync();
        await Assertions.Expect(ports.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(1);
        await ports.GetByLabel("Pass the whole path").CheckAsync();
        await page.GetByLabel("Port", new() { Exact = true }).FillAsync("80");
        await page.Keyboard.PressAsync("Enter");
        await ShootEveryWayAsync(browser, "port-4-removed");
        await ports.GetByRole(AriaRole.Button, new() { Name = "Put port 5173 back" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(ports.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(2);
        Assert.False((await tidepool.Api.PortsAsync("quay")).Value!.Single(p => p.Port == 5173).StripPrefix);
    }

    private static async Task ShootEveryWayAsync(Browser browser, string name)
    {
        foreach (var (scheme, width) in new[] { (ColorScheme.Light, 1280), (ColorScheme.Dark, 1280), (ColorScheme.Light, 390) })
        {
            await browser.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await browser.Page.SetViewportSizeAsync(width, 1500);
            await browser.ShootAsync($"{name}-{scheme}-{width}".ToLowerInvariant());
        }

        await browser.Page.SetViewportSizeAsync(1280, 900);
    }

    private async Task<HttpResponseMessage> PostAsync(string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        return await tidepool.Http.PostAsync(new Uri(AllWorkspaces + "/quay/ports", UriKind.Relative), content);
    }

    private async Task StatusIsAsync(Uri url, HttpStatusCode status) => Assert.Equal(status, await StatusOfAsync(url));

    private async Task<HttpStatusCode> StatusOfAsync(Uri url)
    {
        using var response = await tidepool.Http.GetAsync(url);
        return response.StatusCode;
    }
}
