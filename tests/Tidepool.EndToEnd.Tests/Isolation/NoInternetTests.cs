namespace Tidepool.EndToEnd.Tests.Isolation;

/// <summary>Without NAT nothing of the outside reaches a workspace, its names included, while this machine itself resolves them.</summary>
[Collection(WholeTidepool.Name)]
public sealed class NoInternetTests : IAsyncLifetime
{
    private readonly OutsideWorld world = new();
    private readonly RunningTidepool tidepool = new();
    private bool made;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Namespaces need Linux and root.");
        Assert.SkipWhen(OutsideWorld.WhyNot() is not null, OutsideWorld.WhyNot() ?? "");
        made = true;
        await world.MakeAsync();
        await tidepool.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (made)
        {
            await tidepool.DisposeAsync();
            await world.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_workspace_without_NAT_resolves_no_name()
    {
        var created = await tidepool.CreateAsync("inside");
        await tidepool.UntilAsync("inside", Contracts.WorkspaceStatus.Running);
        using var shell = new WorkspaceShell(tidepool.State, created.Id);
        Assert.NotEqual(0, (await shell.RunAsync("getent ahostsv4 public.example")).ExitCode);
        Assert.Contains(OutsideWorld.Internet, await OutsideWorld.ShellAsync("getent ahostsv4 public.example"), StringComparison.Ordinal);

        var page = await File.ReadAllTextAsync(Path.Combine(Environment.GetEnvironmentVariable("TIDEPOOL_REPOSITORY")!, "docs", "security.md"));
        Assert.Contains("| Names | A public name, with `--no-nat` | fails |\n", page, StringComparison.Ordinal);
    }
}
