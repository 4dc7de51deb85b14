using Microsoft.Playwright;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Pages;

/// <summary>How the page behaves under a keyboard and in a browser's history, against all real parts.</summary>
[Collection(WholeTidepool.Name)]
public sealed class PageTests(RunningTidepool tidepool)
{
    [Fact]
    public async Task A_person_without_a_mouse_stays_where_they_are_from_the_first_key_to_the_last()
    {
        await using var watcher = await Browser.OpenAsync();
        await watcher.Page.GotoAsync(tidepool.AppUrl + "activity");
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;
        await page.GotoAsync(tidepool.AppUrl);

        // The suggested name gives way to what is typed.
        await page.GetByRole(AriaRole.Button, new() { Name = "New workspace" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByLabel("Name", new() { Exact = true })).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("skiff");
        await Assertions.Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("skiff");
        await page.Keyboard.PressAsync("Enter");

        // Who stays, stays: also after the page is loaded again.
        await page.GetByRole(AriaRole.Button, new() { Name = "Stay here" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await FocusIsOnAsync(page, "h1");
        await page.ReloadAsync();
        await IsShownAsync(page, "skiff", "Create succeeded");
        await Assertions.Expect(watcher.Page.GetByText("skiff: create succeeded")).ToBeVisibleAsync();

        await StopAsync(page);
        await page.GotoAsync(tidepool.AppUrl);
        await page.GetByRole(AriaRole.Button, new() { Name = "Start skiff" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(tidepool.WorkspaceUrl("skiff") + "**");

        // Back, from the editor that opened by itself.
        await page.GoBackAsync();
        await IsShownAsync(page, "skiff", "Start succeeded");
        await DeleteAsync(page, "skiff");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Workspaces");
        await FocusIsOnAsync(page, "h1");
        await tidepool.UntilGoneAsync("skiff");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "skiff" })).ToHaveCountAsync(0);
        await FocusIsOnAsync(page, "h1");
    }

    [Fact]
    public async Task Back_after_a_creation_leads_to_the_workspaces_page_and_whatever_shows_a_stopped_one_leads_to_its_start()
    {
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;
        await page.GotoAsync(tidepool.AppUrl);
        await page.GetByRole(AriaRole.Button, new() { Name = "New workspace" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("dinghy");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(tidepool.WorkspaceUrl("dinghy") + "**");
        await page.GoBackAsync();
        await IsShownAsync(page, "dinghy", "Create succeeded");

        // In a tab that shows the editor, of which one cannot know when it would next ask for its server.
        await page.GetByRole(AriaRole.Link, new() { Name = "Open dinghy" }).ClickAsync();
        await page.Locator(".monaco-workbench").WaitForAsync();
        await tidepool.Api.StopAsync("dinghy");
        var stopped = page.GetByRole(AriaRole.Alertdialog, new() { Name = "dinghy is stopped." });
        await stopped.WaitForAsync(new() { Timeout = 30_000 });
        await browser.ShootAsync("editor-stopped");
        await stopped.GetByRole(AriaRole.Link).ClickAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Start dinghy" })).ToBeFocusedAsync(new() { Timeout = 30_000 });

        await tidepool.UntilAsync("dinghy", WorkspaceStatus.Stopped);
        await page.GotoAsync(tidepool.WorkspaceUrl("dinghy"));
        await page.GetByRole(AriaRole.Link).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Start dinghy" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(tidepool.WorkspaceUrl("dinghy") + "**");

        // Deleted from the list: the focus goes to what is left of its card, and then to what is left of the list.
        await page.GotoAsync(tidepool.AppUrl);
        await DeleteAsync(page, "dinghy");
        await FocusIsOnAsync(page, "h1, h2 a");
        await tidepool.UntilGoneAsync("dinghy");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "dinghy" })).ToHaveCountAsync(0);
        await FocusIsOnAsync(page, "h1, h2 a");
    }

    [Fact]
    public async Task The_link_past_the_navigation_leads_to_the_content_of_the_page_that_it_is_on()
    {
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;
        foreach (var path in new[] { "", "capacity", "activity", "workspaces/nothing", "no/such/page" })
        {
            await page.GotoAsync(tidepool.AppUrl + path);
            await page.GetByRole(AriaRole.Banner).GetByRole(AriaRole.Link, new() { Name = "Activity" }).WaitForAsync();
            var heading = await page.GetByRole(AriaRole.Heading, new() { Level = 1 }).InnerTextAsync();
            await page.Locator(".skip").FocusAsync();
            await page.Keyboard.PressAsync("Enter");
            await FocusIsOnAsync(page, "main");
            Assert.Equal(heading, await page.GetByRole(AriaRole.Heading, new() { Level = 1 }).InnerTextAsync());
        }
    }

    /// <summary>With the keyboard: the focus stays, and what starts it again does not come to lie where Stop was pressed.</summary>
    private static async Task StopAsync(IPage page)
    {
        var stop = page.GetByRole(AriaRole.Button, new() { Name = "Stop skiff" });
        var pressed = (await stop.BoundingBoxAsync())!;
        await stop.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("main .badge").First).ToHaveTextAsync("Stopped");
        var start = (await page.GetByRole(AriaRole.Button, new() { Name = "Start skiff" }).BoundingBoxAsync())!;
        Assert.True(start.X + start.Width <= pressed.X || start.X >= pressed.X + pressed.Width || start.Y + start.Height <= pressed.Y || start.Y >= pressed.Y + pressed.Height);
        await Assertions.Expect(stop).ToBeFocusedAsync();
    }

    /// <summary>With the keyboard.</summary>
    private static async Task DeleteAsync(IPage page, string workspace)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = $"Delete {workspace}" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Shift+Tab");
        await page.Keyboard.TypeAsync(workspace);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
    }

    /// <summary>The page that would have left for the editor reads its activity only where it stays.</summary>
    private static async Task IsShownAsync(IPage page, string workspace, string activity)
    {
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = $"Open {workspace}" })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Assertions.Expect(page.GetByText(activity)).ToBeVisibleAsync(new() { Timeout = 60_000 });
        Assert.EndsWith($"/app/workspaces/{workspace}", page.Url, StringComparison.Ordinal);
    }

    private static Task FocusIsOnAsync(IPage page, string element) =>
        Assertions.Expect(page.Locator($":is({element}):focus")).ToHaveCountAsync(1);
}
