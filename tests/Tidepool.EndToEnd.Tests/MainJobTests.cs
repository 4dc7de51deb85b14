using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests;

/// <summary>What Tidepool is for, from the first click to the last, in a real browser against all real parts.</summary>
[Collection(WholeTidepool.Name)]
public sealed partial class MainJobTests(RunningTidepool tidepool)
{
    [Fact]
    public async Task A_person_creates_a_workspace_works_in_it_finds_the_work_again_and_deletes_it()
    {
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;
        await page.GotoAsync(tidepool.AppUrl);
        await browser.ShootAsync("1-empty-list");

        await page.GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.NewWorkspace() }).First.ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("harbor");
        await browser.ShootAsync("2-new-workspace");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.Create() }).ClickAsync();

        await page.WaitForURLAsync(ProgressOrEditor());
        await browser.ShootAsync("3-progress");
        await page.WaitForURLAsync(tidepool.WorkspaceUrl("harbor") + "**");
        await EditorTerminal.OpenAsync(page);
        await EditorTerminal.RunAsync(page, "echo sum-$((40+2)) && echo kept > ~/kept.txt && sync", "sum-42");
        await browser.ShootAsync("4-terminal");

        var id = (await tidepool.UntilAsync("harbor", WorkspaceStatus.Running)).Id;
        await page.GotoAsync(tidepool.AppUrl + "workspaces/harbor");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.Stop() }).ClickAsync();
        await tidepool.UntilAsync("harbor", WorkspaceStatus.Stopped);
        await page.GotoAsync(tidepool.WorkspaceUrl("harbor"));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading)).ToContainTextAsync("harbor is stopped");
        await browser.ShootAsync("5-stopped");

        await page.GotoAsync(tidepool.AppUrl + "workspaces/harbor");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.Start() }).First.ClickAsync();

        // Who started it here is taken to the editor, as after creating it.
        await page.WaitForURLAsync(tidepool.WorkspaceUrl("harbor") + "**");
        await EditorTerminal.OpenAsync(page);
        await EditorTerminal.RunAsync(page, "cat ~/kept.txt ; echo again-$((6*7))", "again-42");
        Assert.Contains("kept", await EditorTerminal.TextAsync(page), StringComparison.Ordinal);

        await page.GotoAsync(tidepool.AppUrl + "workspaces/harbor");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.Delete() }).First.ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Textbox).FillAsync("harbor");
        await browser.ShootAsync("6-delete");
        await dialog.GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.Delete() }).ClickAsync();
        await tidepool.UntilGoneAsync(id);
        Assert.DoesNotContain(await tidepool.InstancesAsync(), instance => instance.Key.EndsWith(id["ws_".Length..], StringComparison.Ordinal));
    }

    [GeneratedRegex("/(app/)?workspaces?/harbor")]
    private static partial Regex ProgressOrEditor();
}
