using System.Text.Json;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.App.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.App.Tests;

public sealed class WorkspaceListTests : PageTest
{
    [Theory]
    [InlineData(WorkspaceStatus.Creating, "(Open demo),Cancel demo,Delete demo")]
    [InlineData(WorkspaceStatus.Running, "Open demo,Stop demo,Delete demo")]
    [InlineData(WorkspaceStatus.Stopping, "(Start demo),(Stop demo),Delete demo")]
    [InlineData(WorkspaceStatus.Stopped, "Start demo,(Stop demo),Delete demo")]
    [InlineData(WorkspaceStatus.Deleting, "")]
    [InlineData(WorkspaceStatus.Error, "Start again demo,(Stop demo),Delete demo")]
    public void Only_what_the_state_allows_is_offered_each_button_names_its_workspace_and_none_takes_the_place_of_another(WorkspaceStatus status, string offered)
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", status));
        Feed.Start();
        var page = Render<WorkspaceList>();
        page.WaitForElement(".card");

        var labels = page.FindAll(".actions [aria-label]").Select(e => e.GetAttribute("aria-disabled") == "true" ? $"({e.GetAttribute("aria-label")})" : e.GetAttribute("aria-label"));
        Assert.Equal(offered, string.Join(',', labels));
    }

    [Fact]
    public async Task A_deletion_that_waits_for_something_can_be_asked_for_again()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Deleting, error: new ErrorResponse("runtime-unreachable", "Incus does not answer.")));
        Feed.Start();
        var page = Render<WorkspaceList>();
        page.WaitForElement(".card");
        await page.Find("[aria-label='Try again to delete demo']").ClickAsync();

        Assert.Contains("DELETE /api/workspaces/ws_demo", Server.Requests);
    }

    [Fact]
    public async Task A_button_that_does_nothing_now_sends_nothing()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Stopping));
        Feed.Start();
        var page = Render<WorkspaceList>();
        page.WaitForElement(".card");
        await page.Find("[aria-label='Start demo']").ClickAsync();
        await page.Find("[aria-label='Stop demo']").ClickAsync();

        Assert.DoesNotContain(Server.Requests, request => request.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Starting_leads_to_the_page_that_opens_the_editor()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Stopped));
        Server.Answer = request => request.Method == HttpMethod.Post
            ? FakeServer.Json(JsonSerializer.Serialize(FakeServer.Workspace("demo", WorkspaceStatus.Starting), TidepoolJson.Default.WorkspaceResponse))
            : null;
        Feed.Start();
        var page = Render<WorkspaceList>();
        page.WaitForElement(".card");
        await page.Find("[aria-label='Start demo']").ClickAsync();

        page.WaitForAssertion(() => Assert.EndsWith("/workspaces/demo", Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal));
        Assert.Contains(JSInterop.Invocations, call => call.Identifier == "tidepool.openWhenReady" && call.Arguments[0] is "demo");
    }

    [Fact]
    public void The_step_is_shown_as_text_and_as_progress()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Creating, new ProgressResponse(2, 4, "Booting")));
        Feed.Start();
        var page = Render<WorkspaceList>();
        page.WaitForElement(".card");

        Assert.Contains("Creating, step 2 of 4: Booting", page.Find(".badge").TextContent, StringComparison.Ordinal);
        Assert.Equal("2", page.Find("progress").GetAttribute("value"));
    }

    [Fact]
    public void A_problem_says_what_to_do()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Error, error: new ErrorResponse("storage-full", "The pool is full. Delete a workspace.")));
        Feed.Start();
        var page = Render<WorkspaceList>();
        page.WaitForElement(".card");

        Assert.Equal("The pool is full. Delete a workspace.", page.Find(".card .fault").TextContent);
    }

    [Fact]
    public void An_empty_list_invites_to_begin()
    {
        Feed.Start();
        var page = Render<WorkspaceList>();
        Assert.Contains("No workspaces yet", page.WaitForElement(".empty").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_is_called_what_it_is()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Running));
        Feed.Start();
        var page = Render<WorkspaceList>();
        Assert.Contains("shares this machine's kernel", page.WaitForElement(".card").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Deleting_wants_the_name_typed()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Stopped));
        Feed.Start();
        var page = Render<WorkspaceList>();
        page.WaitForElement(".card");
        page.Find("[aria-label='Delete demo']").Click();

        Assert.True(page.Find("dialog[id^=delete] button[type=submit]").HasAttribute("disabled"));
        page.Find("dialog[id^=delete] input").Input("dem");
        Assert.True(page.Find("dialog[id^=delete] button[type=submit]").HasAttribute("disabled"));
        page.Find("dialog[id^=delete] input").Input("demo");
        Assert.False(page.Find("dialog[id^=delete] button[type=submit]").HasAttribute("disabled"));
        page.Find("dialog[id^=delete] form").Submit();
        page.WaitForAssertion(() => Assert.Contains("DELETE /api/workspaces/ws_demo", Server.Requests));
    }
}
