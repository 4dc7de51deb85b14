using Microsoft.Playwright;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests;

/// <summary>Copies of a workspace, through the API and the command line.</summary>
[Collection(WholeTidepool.Name)]
public sealed class CloneTests(RunningTidepool tidepool)
{
    [Fact]
    public async Task A_copy_of_a_running_workspace_has_its_files_its_ports_and_an_identity_of_its_own()
    {
        var original = await tidepool.CreateAsync("original");
        await tidepool.UntilAsync("original", WorkspaceStatus.Running);
        await tidepool.Api.RegisterPortAsync("original", new RegisterPortRequest(3000, "web"));
        using var before = new WorkspaceShell(tidepool.State, original.Id);
        await before.RunAsync("echo mine >/home/dev/work.txt && sync");

        var cloned = (await tidepool.Api.CloneAsync("original", new CloneWorkspaceRequest("the-copy"))).Value!;
        Assert.Equal((original.Cpus, original.MemoryMiB, "web"), (cloned.Cpus, cloned.MemoryMiB, Assert.Single(cloned.Ports).Label));
        await tidepool.UntilAsync("the-copy", WorkspaceStatus.Running);
        using var after = new WorkspaceShell(tidepool.State, cloned.Id);
        Assert.Equal("mine\n", (await after.RunAsync("cat /home/dev/work.txt")).Output);
        const string Identity = "cat /etc/machine-id /etc/ssh/ssh_host_*_key.pub 2>/dev/null; hostname";
        Assert.Empty((await before.RunAsync(Identity)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Intersect((await after.RunAsync(Identity)).Output.Split('\n')));
        Assert.Equal(WorkspaceStatus.Running, (await tidepool.Api.GetAsync("original")).Value!.Status);

        // The copy needs the other no more.
        await tidepool.RemoveAsync("original");
        await tidepool.CliAsync(["stop", "the-copy", "--wait"]);
        await tidepool.CliAsync(["clone", "the-copy", "its-copy", "--wait"]);
        using var last = new WorkspaceShell(tidepool.State, (await tidepool.Api.GetAsync("its-copy")).Value!.Id);
        Assert.Equal("mine\n", (await last.RunAsync("cat /home/dev/work.txt")).Output);
        Assert.Equal(
            ["clone succeeded", "clone requested"],
            (await tidepool.Api.ActivityAsync("its-copy")).Value!.Items.Select(a => $"{a.Verb} {a.Outcome}"));
        await Task.WhenAll(tidepool.RemoveAsync("the-copy"), tidepool.RemoveAsync("its-copy"));
    }

    [Fact]
    public async Task The_page_makes_a_copy_and_opens_it()
    {
        await tidepool.CreateAsync("from-page");
        await tidepool.UntilAsync("from-page", WorkspaceStatus.Running);
        await using var browser = await Browser.OpenAsync();
        var page = browser.Page;
        await page.GotoAsync(tidepool.AppUrl + "workspaces/from-page");
        await page.GetByRole(AriaRole.Button, new() { Name = "Clone from-page" }).ClickAsync();
        await browser.ShootAsync("clone");
        Assert.Equal("from-page-copy", await page.GetByLabel("Name of the copy").InputValueAsync());
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(url => url.Contains("/workspace/from-page-copy/", StringComparison.Ordinal));
        await Task.WhenAll(tidepool.RemoveAsync("from-page"), tidepool.RemoveAsync("from-page-copy"));
    }

    [Fact]
    public async Task What_cannot_be_cloned_is_refused_in_words()
    {
        Assert.Equal(ProblemCodes.NotFound, (await tidepool.Api.CloneAsync("nobody", new CloneWorkspaceRequest("some-copy"))).Problem!.Code);
        Assert.Equal(ProblemCodes.Validation, (await tidepool.Api.CloneAsync("nobody", new CloneWorkspaceRequest("A B"))).Problem!.Code);
        await tidepool.CreateAsync("half-made");
        Assert.Equal(ProblemCodes.NameTaken, await CodeOfAsync("half-made", "half-made"));
        await tidepool.RemoveAsync("half-made");
    }

    /// <summary>Of the refusal that comes once there is something to copy.</summary>
    private async Task<string?> CodeOfAsync(string source, string name)
    {
        string? code = null;
        await Until.TrueAsync("it has a disk", async () => (code = (await tidepool.Api.CloneAsync(source, new CloneWorkspaceRequest(name))).Problem?.Code) != ProblemCodes.TransitionRefused);
        return code;
    }
}
