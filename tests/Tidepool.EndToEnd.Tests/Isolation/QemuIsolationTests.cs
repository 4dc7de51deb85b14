using Tidepool.Testing.Guests;

namespace Tidepool.EndToEnd.Tests.Isolation;

/// <summary>The same probes from inside virtual machines. Their way in is an agent in a copy of the image.</summary>
[Trait("Processor", "emulated")]
public sealed class QemuIsolationTests() : IsolationTests("qemu", "Tidepool", "Qemu", "Bridge")
{
    private readonly DirectoryInfo place = Directory.CreateTempSubdirectory("tp-agent-");

    protected override bool HasDhcp => false;

    public override async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(QemuImage.WhyNot() is not null, QemuImage.WhyNot() ?? "");
        Tidepool.Image = Path.Combine(place.FullName, "image");
        await GuestAgent.PutIntoAsync(QemuImage.Built!, Tidepool.Image);
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        place.Delete(recursive: true);
    }

    private protected override async Task<IWorkspaceShell> OpenShellAsync(string workspace) => await AgentShell.OpenAsync(Tidepool, workspace);

    /// <summary>There is no daemon: the worker and the resolver are all that there is beside the machines.</summary>
    protected override async Task KillRuntimeAsync()
    {
        var before = Tidepool.PidOf("worker");
        var resolver = await ResolverAsync();
        await OutsideWorld.ShellAsync($"kill -9 {before} {resolver}");
        await Until.TrueAsync("the worker is back", async () =>
        {
            var health = await Tidepool.Api.HealthAsync();
            return Tidepool.PidOf("worker") != before && await ResolverAsync() != resolver && health?.Components.All(c => c.Healthy) == true;
        });
    }

    private async Task<string> ResolverAsync() => (await File.ReadAllTextAsync(Path.Combine(Tidepool.State, "qemu", "resolver"))).Split(' ')[0];
}
