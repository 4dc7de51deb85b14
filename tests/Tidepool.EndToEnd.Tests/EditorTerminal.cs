using Microsoft.Playwright;

namespace Tidepool.EndToEnd.Tests;

/// <summary>The terminal of the editor that a page shows.</summary>
internal static class EditorTerminal
{
    public static async Task OpenAsync(IPage page)
    {
        await page.Locator(".monaco-workbench").WaitForAsync();
        var terminal = page.Locator(".terminal-wrapper .xterm-screen").First;
        var panel = page.Locator(".part.panel .integrated-terminal").First;
        await Until.TrueAsync("the terminal opens", async () =>
        {
            // The key is heard only once the workbench has its keyboard handlers. In an open panel it would close the panel again,
            // while the shell of a slow machine is still on its way.
            if (!await panel.IsVisibleAsync())
            {
                await page.Keyboard.PressAsync("Control+Backquote");
            }

            try
            {
                await terminal.WaitForAsync(new LocatorWaitForOptions { Timeout = 5_000 });
                return true;
            }
            catch (TimeoutException)
            {
                return false;
            }
        });
        await Until.TrueAsync("the shell shows its prompt", async () => (await TextAsync(page)).Contains('$', StringComparison.Ordinal));
        await terminal.ClickAsync();
    }

    public static async Task RunAsync(IPage page, string command, string output)
    {
        await page.Keyboard.TypeAsync(command);
        await page.Keyboard.PressAsync("Enter");
        await Until.TrueAsync($"the terminal shows {output}", async () => (await TextAsync(page)).Contains(output, StringComparison.Ordinal));
    }

    public static async Task<string> TextAsync(IPage page) =>
        string.Join('\n', await page.Locator(".terminal-wrapper .xterm-rows > div").AllInnerTextsAsync()).Replace('\u00a0', ' ');
}
