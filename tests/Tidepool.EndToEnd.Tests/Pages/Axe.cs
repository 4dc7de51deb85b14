using Microsoft.Playwright;

namespace Tidepool.EndToEnd.Tests.Pages;

/// <summary>axe-core, which knows what browsers tell a screen reader. It collects what it finds over many states of a page.</summary>
internal sealed class Axe
{
    private const int Narrow = 320;
    private readonly string script;
    private readonly List<string> findings = [];

    private Axe(string script) => this.script = script;

    /// <summary>What was wrong, a line each: the state, the theme, the rule and the elements.</summary>
    public IReadOnlyList<string> Findings => findings;

    public static async Task<Axe> LoadAsync()
    {
        var folder = Environment.GetEnvironmentVariable("TIDEPOOL_TEST_AXE");
        Assert.SkipUnless(Directory.Exists(folder), "axe-core is not installed: run ./test, which installs it where a registry of npm packages can be reached.");
        return new Axe(await File.ReadAllTextAsync(Path.Combine(folder!, "node_modules", "axe-core", "axe.min.js")));
    }

    /// <summary>Every rule of axe in both themes, and whether the page is as narrow as the narrowest screen.</summary>
    /// <param name="browser">Shows the state.</param>
    /// <param name="state">Its name, in what is found and in pictures.</param>
    /// <param name="within">A selector of the part that is Tidepool's own; null for the whole page.</param>
    public async Task CheckAsync(Browser browser, string state, string? within = null)
    {
        var page = browser.Page;

        // The page's own policy keeps scripts out of it; what the browser's debugger evaluates is not held to that.
        await page.EvaluateAsync(script);
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
            var found = await page.EvaluateAsync<string[]>("""
                async within => (await axe.run(within ? document.querySelector(within) : document, { resultTypes: ['violations'] })).violations.map(rule =>
                  `${rule.id}: ${rule.help}: ` + rule.nodes.map(node => node.html.slice(0, 200) + ' ' + node.any.map(check => check.message).join(' ')).join(' | '))
                """, within);
            findings.AddRange(found.Select(finding => $"{state}, {scheme}: {finding}"));
            await browser.ShootAsync($"{state}-{scheme}-1280".ToLowerInvariant());
        }

        var size = page.ViewportSize!;
        await page.SetViewportSizeAsync(Narrow, size.Height);

        // What is around a part is the editor's, which lays itself out some time after a change of the screen.
        if (await page.EvaluateAsync<int>("within => within ? Math.ceil(document.querySelector(within).getBoundingClientRect().right) : document.documentElement.scrollWidth", within) is > Narrow and var width)
        {
            findings.Add($"{state}: is {width} px wide on a screen of {Narrow} px");
        }

        await browser.ShootAsync($"{state}-dark-{Narrow}");
        await page.SetViewportSizeAsync(size.Width, size.Height);
    }
}
