using Microsoft.Playwright;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests;

/// <summary>What Tidepool is for, in a real browser, on a virtual machine of QEMU's, with no Incus running.</summary>
[Collection(WholeTidepool.Name)]
[Trait("Processor", "emulated")]
public sealed class QemuJobTests : IAsyncLifetime
{
    /// <summary>For one step of a machine whose processor is emulated.</summary>
    private const float Timeout = 180_000;

    private readonly RunningTidepool tidepool = new() { Runtime = "qemu" };

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(QemuImage.WhyNot() is not null, QemuImage.WhyNot() ?? "");
        await tidepool.InitializeAsync();
    }

    public ValueTask DisposeAsync() => tidepool.DisposeAsync();

    [Fact]
    public async Task A_person_works_in_a_virtual_machine_finds_the_work_again_opens_a_port_and_deletes_it()
    {
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;
        page.SetDefaultTimeout(Timeout);
        page.SetDefaultNavigationTimeout(Timeout);
        await page.GotoAsync(tidepool.AppUrl);
        await page.GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.NewWorkspace() }).First.ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("lagoon");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.Create() }).ClickAsync();
        await page.WaitForURLAsync(tidepool.WorkspaceUrl("lagoon") + "**");
        await EditorTerminal.OpenAsync(page);
        await EditorTerminal.RunAsync(page, "uname -r; echo sum-$((40+2)) && echo kept > ~/kept.txt && sync", "sum-42");
        Assert.Contains("cloud", await EditorTerminal.TextAsync(page), StringComparison.Ordinal);
        await browser.ShootAsync("qemu-1-terminal");

        var running = await tidepool.UntilAsync("lagoon", WorkspaceStatus.Running);
        Assert.Equal(Contracts.Isolation.EmulatedMachine, running.Isolation);
        await tidepool.Api.StopAsync("lagoon");
        await tidepool.UntilAsync("lagoon", WorkspaceStatus.Stopped);
        await page.GotoAsync(tidepool.AppUrl + "workspaces/lagoon");
        await browser.ShootAsync("qemu-2-stopped");
        await page.GetByRole(AriaRole.Button, new() { NameRegex = ButtonNames.Start() }).First.ClickAsync();
        await page.WaitForURLAsync(tidepool.WorkspaceUrl("lagoon") + "**");
        await EditorTerminal.OpenAsync(page);
        await EditorTerminal.RunAsync(page, "cat ~/kept.txt ; echo again-$((6*7))", "again-42");
        Assert.Contains("kept", await EditorTerminal.TextAsync(page), StringComparison.Ordinal);

        await EditorTerminal.RunAsync(page, "cd ~ && (python3 -m http.server 3000 >/dev/null 2>&1 &) ; echo serving-$((6*7))", "serving-42");
        var port = await tidepool.Api.RegisterPortAsync("lagoon", new RegisterPortRequest(3000, "files"));
        Assert.True(port.Succeeded, port.Problem?.Detail);
        await Until.TrueAsync("the port answers through the proxy", async () =>
            (await tidepool.Http.GetStringAsync(new Uri($"{tidepool.WorkspaceUrl("lagoon")}port/3000/kept.txt"))).Trim() == "kept");

        await tidepool.RemoveAsync(running.Id);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(tidepool.State, "qemu", "machines")));
    }
}
