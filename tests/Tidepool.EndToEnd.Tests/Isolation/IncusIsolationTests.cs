namespace Tidepool.EndToEnd.Tests.Isolation;

/// <summary>The probes from inside containers.</summary>
public sealed class IncusIsolationTests() : IsolationTests("incus", "Tidepool", "Incus", "Network")
{
    private protected override async Task<IWorkspaceShell> OpenShellAsync(string workspace) =>
        new WorkspaceShell(Tidepool.State, (await Tidepool.Api.GetAsync(workspace)).Value!.Id);

    protected override async Task KillRuntimeAsync()
    {
        var before = Tidepool.PidOf("incusd");
        await OutsideWorld.ShellAsync($"kill -9 {before}");
        await Until.TrueAsync("Incus is back", async () =>
        {
            var health = await Tidepool.Api.HealthAsync();
            return Tidepool.PidOf("incusd") != before && health?.Components.All(c => c.Healthy) == true;
        });
    }
}
