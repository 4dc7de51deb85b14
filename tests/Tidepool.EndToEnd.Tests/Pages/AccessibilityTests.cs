using Microsoft.Playwright;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Pages;

/// <summary>Every page, dialog and state, in both themes: axe finds nothing, and nothing is wider than the narrowest screen.</summary>
[Collection(WholeTidepool.Name)]
public sealed class AccessibilityTests(RunningTidepool tidepool)
{
    private static readonly ProblemResponse Down = new(null, "Down", 503, "The database does not answer. Try again shortly.", ProblemCodes.DependencyDown, null);

    private static readonly ProblemResponse NoRoom = new(
        null, "No room", 409, "There is not enough memory left.", ProblemCodes.CapacityExhausted, null, "memory", 4096, 512, new LeastRecentlyAccessedResponse("ws_running", "running", null));

    private static readonly PageResponse<ActivityResponse> Activity = new(
        [
            new(3, "ws_running", "running", "start", "user", "succeeded", null, 2300, DateTimeOffset.UnixEpoch),
            new(2, "ws_running", "running", "port-add", "user", "succeeded", "Port 3000.", null, DateTimeOffset.UnixEpoch),
            new(1, "ws_running", "running", "start", "user", "failed", "The pool is full.", 1000, DateTimeOffset.UnixEpoch),
        ],
        "more");

    [Fact]
    public async Task Axe_finds_nothing_on_the_page_in_any_state_and_either_theme()
    {
        var axe = await Axe.LoadAsync();
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;
        await using var api = await ScriptedApi.TakeOverAsync(page);

        await page.RouteAsync("**/blazor.webassembly.js", route => route.AbortAsync());
        await page.GotoAsync(tidepool.AppUrl);
        await axe.CheckAsync(browser, "before-the-page-runs");
        await page.UnrouteAsync("**/blazor.webassembly.js");

        api.Hold("GET /api/workspaces");
        await page.GotoAsync(tidepool.AppUrl);
        await page.GetByRole(AriaRole.Banner).GetByRole(AriaRole.Link, new() { Name = "Activity" }).WaitForAsync();
        await axe.CheckAsync(browser, "list-loading");
        api.Forget("GET /api/workspaces");
        await page.ReloadAsync();
        await page.GetByText("No workspaces yet").WaitForAsync();
        await axe.CheckAsync(browser, "list-empty");

        await ListAsync(axe, browser, api);
        await DialogsAsync(axe, browser, api);
        await WorkspacePagesAsync(axe, browser, api);
        await OtherPagesAsync(axe, browser, api);
        await LostAsync(axe, browser, api);
        Assert.True(axe.Findings.Count == 0, string.Join('\n', axe.Findings));
    }

    [Fact]
    public async Task Axe_finds_nothing_on_the_pages_that_stand_in_for_an_editor_and_for_a_port()
    {
        var axe = await Axe.LoadAsync();
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;

        IAPIResponse? first = null;
        await page.RouteAsync("**/workspace/**", HoldAsync);
        await VisitAsync("unknown", "nothing", "There is no such workspace.");
        await tidepool.CreateAsync("moored");
        await VisitAsync("starting", "moored", "moored is starting.");
        await tidepool.UntilAsync("moored", WorkspaceStatus.Running);
        await VisitAsync("not-registered", "moored", "Port 3000 of moored is not registered.", "port/3000/");
        await tidepool.Api.RegisterPortAsync("moored", new RegisterPortRequest(3000));
        await VisitAsync("nothing-answers", "moored", "Nothing answers on port 3000 of moored yet.", "port/3000/");
        await page.UnrouteAsync("**/workspace/**");
        await page.GotoAsync(tidepool.WorkspaceUrl("moored"));
        await page.Locator(".monaco-workbench").WaitForAsync();
        await tidepool.Api.StopAsync("moored");
        await page.GetByRole(AriaRole.Alertdialog, new() { Name = "moored is stopped." }).WaitForAsync();
        await axe.CheckAsync(browser, "editor-stopped", "dialog[role=alertdialog]");
        await page.RouteAsync("**/workspace/**", HoldAsync);
        await VisitAsync("stopped", "moored", "moored is stopped.");
        await tidepool.Api.DeleteAsync("moored");

        await page.GotoAsync($"http://localhost:{tidepool.ApiPort}/api/docs/problems");
        await axe.CheckAsync(browser, "problems");

        // Chromium without a window shows an error of its own in the place of an answer that asks for the password.
        using var stranger = tidepool.Client(null);
        using var refused = await stranger.GetAsync(new Uri(tidepool.AppUrl));
        await page.RouteAsync(tidepool.AppUrl, async route => await route.FulfillAsync(new() { Body = await refused.Content.ReadAsStringAsync(), ContentType = "text/html; charset=utf-8" }));
        await page.GotoAsync(tidepool.AppUrl);
        await Assertions.Expect(page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("You are not signed in.");
        await axe.CheckAsync(browser, "not-signed-in");
        await tidepool.UntilGoneAsync("moored");
        Assert.True(axe.Findings.Count == 0, string.Join('\n', axe.Findings));

        // What is first answered is answered until the next visit: the page does not go on under the test's eyes.
        async Task HoldAsync(IRoute route)
        {
            first ??= await route.FetchAsync(new() { MaxRedirects = 0 });
            await route.FulfillAsync(new() { Response = first });
        }

        async Task VisitAsync(string state, string name, string heading, string rest = "")
        {
            first = null;
            await page.GotoAsync(tidepool.WorkspaceUrl(name) + rest);
            await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = heading })).ToBeVisibleAsync();
            await axe.CheckAsync(browser, "port-8081-" + state);
        }
    }

    private static async Task ListAsync(Axe axe, Browser browser, ScriptedApi api)
    {
        var page = browser.Page;
        api.Workspaces =
        [
            Workspace("creating", WorkspaceStatus.Creating, progress: new ProgressResponse(2, 4, "Booting")),
            Workspace("starting", WorkspaceStatus.Starting),
            Workspace("running", WorkspaceStatus.Running) with
            {
                Description = "A workspace with a description",
                LastAccessedAt = DateTimeOffset.UnixEpoch,
                Ports = [Port(3000, "API", answers: true), Port(5173, "Vite", stripPrefix: false), Port(8888, null)],
            },
            Workspace("stopping", WorkspaceStatus.Stopping, DesiredState.Stopped),
            Workspace("stopped", WorkspaceStatus.Stopped, DesiredState.Stopped),
            Workspace("deleting", WorkspaceStatus.Deleting, DesiredState.Deleted),
            Workspace("undeletable", WorkspaceStatus.Deleting, DesiredState.Deleted, error: "Incus does not answer."),
            Workspace("broken", WorkspaceStatus.Error, error: "The pool is full. Delete a workspace."),
            Workspace("a-workspace-with-as-long-a-name-as-a-workspace-may-have-and-more", WorkspaceStatus.Running),
        ];
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "broken" }).WaitForAsync();
        await axe.CheckAsync(browser, "list");
        await page.GetByLabel("Filter by name").FillAsync("nothing");
        await page.GetByText("Nothing is called that.").WaitForAsync();
        await axe.CheckAsync(browser, "list-filtered");
        await page.GetByLabel("Filter by name").FillAsync("");
    }

    private static async Task DialogsAsync(Axe axe, Browser browser, ScriptedApi api)
    {
        var page = browser.Page;
        var dialog = page.GetByRole(AriaRole.Dialog);
        api.Give("GET /api/capacity", Capacity(), TidepoolJson.Default.CapacityResponse);
        await page.GetByRole(AriaRole.Button, new() { Name = "New workspace" }).ClickAsync();
        await dialog.GetByText("Size and image").ClickAsync();
        await dialog.GetByLabel("Image", new() { Exact = true }).WaitForAsync();
        await axe.CheckAsync(browser, "new-workspace");
        await dialog.GetByLabel("Name", new() { Exact = true }).FillAsync("Not a name");
        await axe.CheckAsync(browser, "new-workspace-wrong-name");
        api.Refuse("POST /api/workspaces", Down);
        await dialog.GetByLabel("Name", new() { Exact = true }).FillAsync("name");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create and open" }).ClickAsync();
        await dialog.GetByText(Down.Detail!).WaitForAsync();
        await axe.CheckAsync(browser, "new-workspace-refused");
        api.Refuse("POST /api/workspaces", NoRoom);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create and open" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "No room for name" }).WaitForAsync();
        await axe.CheckAsync(browser, "make-room-to-create");
        await page.Keyboard.PressAsync("Escape");
        await page.ReloadAsync();

        api.Refuse("POST /api/workspaces/ws_stopped/start", NoRoom);
        await page.GetByRole(AriaRole.Button, new() { Name = "Start stopped" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "No room for stopped" }).WaitForAsync();
        await axe.CheckAsync(browser, "make-room-to-start");
        api.Refuse("POST /api/workspaces/ws_starting/stop", Down);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.Stop() }).ClickAsync();
        await page.GetByText(Down.Detail!).First.WaitForAsync();
        await axe.CheckAsync(browser, "make-room-refused");
        await page.ReloadAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete stopped", Exact = true }).ClickAsync();
        await axe.CheckAsync(browser, "delete");
        api.Refuse("DELETE /api/workspaces/ws_stopped", Down);
        await dialog.GetByRole(AriaRole.Textbox).FillAsync("stopped");
        await dialog.GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.Delete() }).ClickAsync();
        await dialog.GetByText(Down.Detail!).WaitForAsync();
        await axe.CheckAsync(browser, "delete-refused");
        await page.Keyboard.PressAsync("Escape");
        api.Refuse("POST /api/workspaces/ws_broken/start", Down);
        await page.GetByRole(AriaRole.Button, new() { Name = "Start again broken" }).ClickAsync();
        await page.GetByText(Down.Detail!).First.WaitForAsync();
        await axe.CheckAsync(browser, "list-refused");
    }

    private static async Task WorkspacePagesAsync(Axe axe, Browser browser, ScriptedApi api)
    {
        var page = browser.Page;
        api.Give("GET /api/activity", Activity, TidepoolJson.Default.PageResponseActivityResponse);
        foreach (var name in api.Workspaces.Select(w => w.Name).Append("unknown").ToList())
        {
            await GoAsync(page, "workspaces/" + name);
            await page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true }).WaitForAsync();
            await axe.CheckAsync(browser, "workspace-" + name);
        }

        await GoAsync(page, "workspaces/running");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show the log" }).ClickAsync();
        await page.GetByLabel("Port", new() { Exact = true }).FillAsync("80");
        await page.GetByLabel("Pass the whole path").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Add port" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new("port 3000") }).First.ClickAsync();
        await page.GetByText("URL of port 3000").First.WaitForAsync();
        await axe.CheckAsync(browser, "workspace-log-and-port-form");
        api.Give("GET /api/workspaces/ws_running", api.Workspaces[2] with { Ports = [], Version = 2 }, TidepoolJson.Default.WorkspaceResponse);
        api.Give("DELETE /api/workspaces/ws_running/ports/3000", Port(3000, "API"), TidepoolJson.Default.PortResponse);
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove port 3000" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Put port 3000 back" }).WaitForAsync();
        await axe.CheckAsync(browser, "workspace-port-removed");
        await page.GetByRole(AriaRole.Button, new() { Name = "Clone running" }).ClickAsync();
        await axe.CheckAsync(browser, "clone");
        api.Refuse("POST /api/workspaces/ws_running/clone", Down);
        await page.GetByRole(AriaRole.Button, new() { Name = "Clone and open" }).ClickAsync();
        await page.GetByText(Down.Detail!).WaitForAsync();
        await axe.CheckAsync(browser, "clone-refused");
        await page.Keyboard.PressAsync("Escape");

        var starting = api.Workspaces[4] with { Status = WorkspaceStatus.Starting, DesiredState = DesiredState.Running, Version = 2 };
        api.Give("POST /api/workspaces/ws_stopped/start", starting, TidepoolJson.Default.WorkspaceResponse);
        await GoAsync(page, "workspaces/stopped");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start stopped" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Stay here" }).WaitForAsync();
        await axe.CheckAsync(browser, "workspace-will-open");
    }

    private static async Task OtherPagesAsync(Axe axe, Browser browser, ScriptedApi api)
    {
        var page = browser.Page;
        await GoAsync(page, "activity");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show older" }).WaitForAsync();
        await axe.CheckAsync(browser, "activity");
        await GoAsync(page, "capacity");
        await page.GetByText("Who has how much").WaitForAsync();
        await axe.CheckAsync(browser, "capacity");
        await GoAsync(page, "no/such/page");
        await page.GetByRole(AriaRole.Heading, new() { Name = "There is no such page" }).WaitForAsync();
        await axe.CheckAsync(browser, "not-found");

        api.Refuse("GET /api/capacity", Down);
        await GoAsync(page, "capacity");
        await page.GetByText(Down.Detail!).WaitForAsync();
        await axe.CheckAsync(browser, "capacity-refused");
        api.Refuse("GET /api/activity", Down);
        await GoAsync(page, "activity");
        await page.GetByText(Down.Detail!).WaitForAsync();
        await axe.CheckAsync(browser, "activity-refused");

        api.Hold("GET /api/capacity");
        await GoAsync(page, "capacity");
        await page.GetByText("Loading…").WaitForAsync();
        await axe.CheckAsync(browser, "capacity-loading");
        api.Give("GET /api/capacity", Capacity() with { Workspaces = [] }, TidepoolJson.Default.CapacityResponse);
        api.Give("GET /api/activity", Activity with { Items = [] }, TidepoolJson.Default.PageResponseActivityResponse);
        await GoAsync(page, "activity");
        await page.GetByText("Nothing yet.").WaitForAsync();
        await axe.CheckAsync(browser, "activity-empty");
        await GoAsync(page, "capacity");
        await page.GetByText("There are no workspaces yet.").WaitForAsync();
        await axe.CheckAsync(browser, "capacity-empty");
    }

    private static async Task LostAsync(Axe axe, Browser browser, ScriptedApi api)
    {
        var page = browser.Page;
        api.Give("GET /api/health", new HealthResponse("unhealthy", [new("worker", false, "It does not answer.")]), TidepoolJson.Default.HealthResponse);
        api.Break("GET /api/workspaces");
        await page.ReloadAsync();
        await page.GetByText("Not connected to Tidepool.").WaitForAsync();
        await page.GetByText("Not up: worker").WaitForAsync();
        await axe.CheckAsync(browser, "not-connected");
        api.Refuse("GET /api/workspaces", new ProblemResponse(null, "Signed out", 401, null, ProblemCodes.SignInNeeded, null));
        await page.ReloadAsync();
        await page.GetByText("You are signed out.").WaitForAsync();
        await axe.CheckAsync(browser, "page-signed-out");
        await page.EvaluateAsync("document.getElementById('blazor-error-ui').style.display = 'block'");
        await axe.CheckAsync(browser, "went-wrong");
    }

    /// <summary>Without loading the page again.</summary>
    private static async Task GoAsync(IPage page, string path) => await page.EvaluateAsync("path => Blazor.navigateTo('/app/' + path)", path);

    private static CapacityResponse Capacity() => new(
        new(8192, 8, 102400),
        new(7680, 6, 40960),
        new(512, 2, 61440),
        [
            new("ws_running", "running", WorkspaceStatus.Running, 4096, 2, 10240, DateTimeOffset.UnixEpoch.AddDays(1)),
            new("ws_starting", "starting", WorkspaceStatus.Starting, 3584, 4, 10240, null),
            new("ws_stopped", "stopped", WorkspaceStatus.Stopped, 0, 0, 10240, DateTimeOffset.UnixEpoch),
        ],
        new("ws_running", "running", null));

    private static WorkspaceResponse Workspace(string name, WorkspaceStatus status, DesiredState desired = DesiredState.Running, ProgressResponse? progress = null, string? error = null) => new(
        "ws_" + name, name, null, "default", status, desired, 2, 4096, Contracts.Isolation.Container, null, $"http://localhost/workspace/{name}/", [],
        error is null ? null : new ErrorResponse("storage-full", error), progress, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, null, 1);

    private static PortResponse Port(int number, string? label, bool stripPrefix = true, bool answers = false) =>
        new(number, label, $"http://localhost/workspace/running/port/{number}/", stripPrefix, answers);
}
