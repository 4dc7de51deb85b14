using System.Diagnostics;
using System.Net;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests;

/// <summary>Whatever is killed, within a minute everything is as wanted: no instance twice, none lost.</summary>
[Collection(WholeTidepool.Name)]
public sealed class KillTests(RunningTidepool tidepool)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_worker_killed_in_any_step_of_a_create_is_resumed(int step)
    {
        var name = $"killed-{step}";
        var created = await tidepool.CreateAsync(name);
        await Until.TrueAsync(
            $"step {step} is reached",
            async () => (await tidepool.Api.GetAsync(name)).Value is { } now && ((now.Progress?.Step ?? 0) >= step || now.Status == WorkspaceStatus.Running));
        Kill("worker");

        await tidepool.UntilAsync(name, WorkspaceStatus.Running);
        await EditorAnswersAsync(name);
        Assert.Single(await tidepool.InstancesAsync(), instance => instance.Key.EndsWith(created.Id["ws_".Length..], StringComparison.Ordinal));
        await tidepool.RemoveAsync(name);
    }

    [Fact]
    public async Task A_killed_caddy_serves_the_same_workspaces_again()
    {
        string[] names = ["caddy-a", "caddy-b", "caddy-c"];
        foreach (var name in names)
        {
            await tidepool.CreateAsync(name);
        }

        foreach (var name in names)
        {
            await tidepool.UntilAsync(name, WorkspaceStatus.Running);
        }

        Kill("caddy");
        foreach (var name in names)
        {
            await EditorAnswersAsync(name);
        }

        await Task.WhenAll(names.Select(tidepool.RemoveAsync));
    }

    [Fact]
    public async Task A_killed_server_answers_again()
    {
        Kill("server");
        await Until.TrueAsync("the API answers", async () => (await tidepool.Api.ListAsync()).Succeeded);
    }

    [Fact]
    public async Task Workspaces_outlive_a_killed_incus_daemon()
    {
        await tidepool.CreateAsync("survivor");
        await tidepool.UntilAsync("survivor", WorkspaceStatus.Running);
        Kill("incusd");
        await tidepool.CreateAsync("after-the-kill");
        await tidepool.UntilAsync("after-the-kill", WorkspaceStatus.Running);
        await EditorAnswersAsync("survivor");
        await Task.WhenAll(tidepool.RemoveAsync("survivor"), tidepool.RemoveAsync("after-the-kill"));
    }

    private void Kill(string process)
    {
        using var victim = Process.GetProcessById(tidepool.PidOf(process));
        victim.Kill();
    }

    private Task EditorAnswersAsync(string name) => Until.TrueAsync($"the editor of {name} answers", async () =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, tidepool.WorkspaceUrl(name) + "healthz");
        request.Headers.Authorization = tidepool.Http.DefaultRequestHeaders.Authorization;
        using var response = await tidepool.Http.SendAsync(request);
        return response.StatusCode == HttpStatusCode.OK;
    });
}
