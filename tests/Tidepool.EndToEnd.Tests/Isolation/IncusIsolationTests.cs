using System.Text.Json;

namespace Tidepool.EndToEnd.Tests.Isolation;

/// <summary>The probes from inside containers.</summary>
public sealed class IncusIsolationTests() : IsolationTests("incus")
{
    protected override string BridgeName()
    {
        using var settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(Tidepool.State, "settings.json")));
        return settings.RootElement.GetProperty("Tidepool").GetProperty("Incus").GetProperty("Network").GetString()!;
    }

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
