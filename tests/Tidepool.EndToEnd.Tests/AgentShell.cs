using System.Net;
using System.Text;
using Tidepool.Contracts;
using Tidepool.Testing.Guests;

namespace Tidepool.EndToEnd.Tests;

/// <summary>Runs commands inside a workspace through an agent in its image, whose port is registered: what root of the host may reach.</summary>
internal sealed class AgentShell : IWorkspaceShell
{
    private readonly GuestAgent agent;

    private AgentShell(IPAddress address) => agent = new GuestAgent(address);

    public static async Task<AgentShell> OpenAsync(RunningTidepool tidepool, string workspace)
    {
        var registered = await tidepool.Api.RegisterPortAsync(workspace, new RegisterPortRequest(GuestAgent.Port, "agent"));
        Assert.True(registered.Succeeded, registered.Problem?.Detail);
        var running = await tidepool.UntilAsync(workspace, WorkspaceStatus.Running);
        return new AgentShell(IPAddress.Parse(running.Address!));
    }

    public async Task<GuestResult> RunAsync(string command) =>
        await Until.ValueAsync("the agent answers", () => agent.TryRunAsync(command, TestContext.Current.CancellationToken));

    public async Task StartAsync(string command) => await RunAsync(IWorkspaceShell.Detached(command));

    public async Task WriteAsync(string path, string text)
    {
        var result = await RunAsync($"base64 -d >'{path}' <<'END'\n{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}\nEND\n");
        Assert.True(result.ExitCode == 0, result.Error);
    }

    public void Dispose() => agent.Dispose();
}
