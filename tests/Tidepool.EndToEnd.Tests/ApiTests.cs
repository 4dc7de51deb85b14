using System.Net;
using System.Text.Json;
using Microsoft.Playwright;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests;

/// <summary>The contract of the API, through Caddy.</summary>
[Collection(WholeTidepool.Name)]
public sealed class ApiTests(RunningTidepool tidepool)
{
    [Fact]
    public async Task A_workspace_can_be_asked_for_by_id_and_by_name_and_what_is_so_already_is_answered_with_200()
    {
        using var created = await tidepool.Http.PostAsync(
            new Uri("api/workspaces", UriKind.Relative), new StringContent("""{"name":"contract","description":"  For the contract.  ","memoryMiB":1024}""", null, "application/json"));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var location = created.Headers.Location!.OriginalString;
        var running = await tidepool.UntilAsync("contract", WorkspaceStatus.Running);
        Assert.EndsWith(running.Id, location, StringComparison.Ordinal);
        Assert.Equal(running.Id, (await tidepool.Api.GetAsync(running.Id)).Value?.Id);
        Assert.Equal("For the contract.", running.Description);
        Assert.Equal(tidepool.WorkspaceUrl("contract"), running.Url);
        Assert.NotNull(running.Isolation);
        Assert.NotNull(running.StartedAt);

        Assert.Equal(HttpStatusCode.OK, await PostAsync("contract/start"));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync("contract/stop"));
        await tidepool.UntilAsync("contract", WorkspaceStatus.Stopped);
        Assert.Equal(HttpStatusCode.OK, await PostAsync("contract/stop"));

        var activity = (await tidepool.Api.ActivityAsync(running.Id)).Value!.Items;
        Assert.Contains(activity, a => a is { Verb: "create", Actor: "user", Outcome: "requested" });
        Assert.Contains(activity, a => a is { Verb: "create", Outcome: "succeeded", DurationMs: > 0 });
        Assert.Contains((await tidepool.Api.LogsAsync(running.Id)).Value!, line => line.Source == "lifecycle");
        await tidepool.RemoveAsync(running.Id);
    }

    [Fact]
    public async Task Events_tell_every_change_and_resume_where_they_broke()
    {
        using var first = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var created = await tidepool.CreateAsync("followed");
        string? lastId = null;
        await foreach (var change in tidepool.Api.EventsAsync(null, first.Token))
        {
            lastId = change.Id ?? lastId;
            if (change.Changed is { Name: "followed", Status: WorkspaceStatus.Running } && lastId is not null)
            {
                break;
            }
        }

        await tidepool.RemoveAsync(created.Id);
        using var second = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var change in tidepool.Api.EventsAsync(lastId, second.Token))
        {
            if (change.Removed?.Id == created.Id)
            {
                return;
            }
        }

        Assert.Fail("The removal was never reported.");
    }

    [Fact]
    public async Task A_list_is_paged_newest_first()
    {
        string[] names = ["page-1", "page-2", "page-3"];
        foreach (var name in names)
        {
            await tidepool.CreateAsync(name);
        }

        var first = (await tidepool.Api.ListAsync(2)).Value!;
        Assert.Equal(["page-3", "page-2"], first.Items.Select(w => w.Name));
        Assert.NotNull(first.NextCursor);
        Assert.Equal("page-1", (await tidepool.Api.ListAsync(2, first.NextCursor)).Value!.Items[0].Name);
        await Task.WhenAll(names.Select(tidepool.RemoveAsync));
    }

    [Fact]
    public async Task The_api_describes_itself_and_its_page_loads_nothing_from_outside()
    {
        using var document = JsonDocument.Parse(await tidepool.Http.GetStringAsync(new Uri("api/openapi.json", UriKind.Relative)));
        var paths = document.RootElement.GetProperty("paths").EnumerateObject().Select(p => p.Name).ToList();
        foreach (var path in new[] { "/api/workspaces", "/api/workspaces/{id}", "/api/workspaces/{id}/start", "/api/workspaces/{id}/stop", "/api/workspaces/{id}/activity", "/api/workspaces/{id}/logs", "/api/activity", "/api/events", "/api/images", "/api/capacity", "/api/health" })
        {
            Assert.Contains(path, paths);
        }

        await using var browser = await Browser.OpenAsync();
        var outside = new List<string>();
        browser.Page.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { IsLoopback: false, Scheme: "http" or "https" })
            {
                outside.Add(request.Url);
            }
        };
        await browser.Page.GotoAsync($"http://localhost:{tidepool.ApiPort}/api/docs");
        await browser.Page.GetByText("List the workspaces, newest first.").First.WaitForAsync();
        Assert.Empty(outside);
    }

    [Fact]
    public async Task No_page_of_ours_breaks_the_policy_that_it_is_served_with()
    {
        await tidepool.CreateAsync("policy");
        await using var browser = await Browser.OpenAsync();
        var broken = new List<string>();
        browser.Page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.OrdinalIgnoreCase))
            {
                broken.Add(message.Text);
            }
        };
        foreach (var (path, shown) in new[] { ("app/", "policy"), ("app/workspaces/policy", "policy"), ("app/activity", "policy"), ("app/capacity", "policy"), ("api/docs/", "List the workspaces, newest first.") })
        {
            var response = await browser.Page.GotoAsync($"http://localhost:{tidepool.ApiPort}/{path}");
            await browser.Page.GetByText(shown).First.WaitForAsync();
            var headers = response!.Headers;
            Assert.Contains("frame-ancestors 'none'", headers["content-security-policy"], StringComparison.Ordinal);
            Assert.Equal("nosniff", headers["x-content-type-options"]);
            Assert.Equal("same-origin", headers["cross-origin-opener-policy"]);
        }

        await browser.Page.GotoAsync(tidepool.AppUrl);
        await browser.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "New workspace" }).First.ClickAsync();
        await browser.Page.GetByRole(AriaRole.Dialog).First.WaitForAsync();
        Assert.Empty(broken);
        await tidepool.RemoveAsync("policy");
    }

    private async Task<HttpStatusCode> PostAsync(string path)
    {
        using var response = await tidepool.Http.PostAsync(new Uri("api/workspaces/" + path, UriKind.Relative), null);
        return response.StatusCode;
    }
}
