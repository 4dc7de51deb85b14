using System.Net;
using Microsoft.Playwright;

namespace Tidepool.EndToEnd.Tests.Ports;

/// <summary>Ports that the editor finds by itself open where Tidepool's ports do.</summary>
[Collection(WholeTidepool.Name)]
public sealed class DetectedPortTests(RunningTidepool tidepool)
{
    [Fact]
    public async Task A_port_that_the_editor_detects_opens_through_its_registered_route()
    {
        await using var browser = await Browser.OpenAsync();
        await using var quay = await OpenedWorkspace.CreateAsync(tidepool, "quay");
        await quay.RegisterAsync(3000);
        var page = browser.Page;
        await page.GotoAsync(tidepool.WorkspaceUrl("quay"));
        await EditorTerminal.OpenAsync(page);
        await EditorTerminal.RunAsync(page, $"node {OpenedWorkspace.Program} 3000 & echo serving-$((40+2))", "serving-42");

        await page.GetByRole(AriaRole.Tab, new() { Name = "Ports" }).ClickAsync();
        var address = page.Locator(".ports-view-actionbar-cell-localaddress", new() { HasText = "http://" });
        await Assertions.Expect(address).ToHaveTextAsync(quay.Url(3000).ToString(), new() { Timeout = 60_000 });
        await browser.ShootAsync("port-5-detected");
        var opened = await page.RunAndWaitForPopupAsync(() => address.ClickAsync(new() { Modifiers = [KeyboardModifier.Control] }));
        await Assertions.Expect(opened.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Port 3000 listens");
        Assert.Equal(quay.Url(3000).ToString(), opened.Url);

        // The editor's own way to a port is closed, because it would reach unregistered ports.
        using var around = await tidepool.Http.GetAsync(new Uri(tidepool.WorkspaceUrl("quay") + "proxy/3000/"));
        Assert.Equal(HttpStatusCode.Forbidden, around.StatusCode);
    }
}
