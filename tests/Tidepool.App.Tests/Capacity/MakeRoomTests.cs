using System.Net;
using System.Text.Json;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.App.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.App.Tests.Capacity;

public sealed class MakeRoomTests : PageTest
{
    private readonly List<string> running = ["one", "two"];
    private int fits = 1;
    private bool namesNobody;

    public MakeRoomTests()
    {
        Server.Workspaces.AddRange([FakeServer.Workspace("mine", WorkspaceStatus.Stopped), FakeServer.Workspace("one", WorkspaceStatus.Running), FakeServer.Workspace("two", WorkspaceStatus.Running)]);
        Server.Answer = Answer;
    }

    [Fact]
    public async Task One_action_stops_the_named_one_and_starts_mine()
    {
        var started = false;
        var actions = Render<WorkspaceActions>(p => p.Add(a => a.Workspace, Server.Workspaces[0]).Add(a => a.OnStarted, () => started = true));
        await actions.Find("[aria-label='Start mine']").ClickAsync();

        var dialog = actions.Find("#room-ws_mine");
        Assert.Contains("It needs 4 GiB of memory, and 0 GiB are free.", dialog.TextContent, StringComparison.Ordinal);
        Assert.Contains("one was last used", Flat(dialog.TextContent), StringComparison.Ordinal);
        Assert.Equal("Stop one and start mine", Flat(actions.Find("#room-ws_mine button[type=submit]").TextContent));
        Assert.False(started);

        await actions.Find("#room-ws_mine form").SubmitAsync();

        actions.WaitForAssertion(() => Assert.True(started));
        Assert.Equal(["two"], running);
        Assert.Empty(actions.FindAll(".fault"));
    }

    [Fact]
    public async Task Where_one_is_not_enough_the_next_is_asked_for_first()
    {
        fits = 0;
        var actions = Render<WorkspaceActions>(p => p.Add(a => a.Workspace, Server.Workspaces[0]));
        await actions.Find("[aria-label='Start mine']").ClickAsync();
        await actions.Find("#room-ws_mine form").SubmitAsync();

        actions.WaitForAssertion(() => Assert.Equal("Stop two and start mine", Flat(actions.Find("#room-ws_mine button[type=submit]").TextContent)));
        Assert.Equal("one is stopped, and that was not enough.", actions.Find("#room-ws_mine [role=status]").TextContent);
        Assert.Equal(["two"], running);
    }

    [Fact]
    public async Task A_lack_that_stopping_does_not_help_is_only_reported()
    {
        namesNobody = true;
        var actions = Render<WorkspaceActions>(p => p.Add(a => a.Workspace, Server.Workspaces[0]));
        await actions.Find("[aria-label='Start mine']").ClickAsync();

        Assert.Contains("4096 MiB are needed", actions.Find(".fault").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain(JSInterop.Invocations, call => call.Identifier == "tidepool.showDialog");
    }

    [Fact]
    public async Task A_new_workspace_is_made_in_the_room_of_another_with_all_that_was_typed()
    {
        var dialog = Render<NewWorkspaceDialog>();
        await dialog.InvokeAsync(() => dialog.Instance.OpenAsync());
        await dialog.Find("#new-name").InputAsync("fresh");
        await dialog.Find("#new-description").InputAsync("For later.");
        await dialog.Find("#new-workspace form").SubmitAsync();
        Assert.Equal("Stop one and create fresh", Flat(dialog.Find("#room-new button[type=submit]").TextContent));

        await dialog.Find("#room-new form").SubmitAsync();

        dialog.WaitForAssertion(() => Assert.EndsWith("workspaces/fresh?open=1", Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal));
        Assert.Equal("For later.", Server.Workspaces.Single(w => w.Name == "fresh").Description);
    }

    [Fact]
    public async Task Who_closes_it_while_the_other_stops_starts_nothing()
    {
        var actions = Render<WorkspaceActions>(p => p.Add(a => a.Workspace, Server.Workspaces[0]));
        await actions.Find("[aria-label='Start mine']").ClickAsync();
        Server.Workspaces[1] = Server.Workspaces[1] with { Status = WorkspaceStatus.Stopping };
        var making = actions.Find("#room-ws_mine form").SubmitAsync();
        actions.WaitForAssertion(() => Assert.Equal("Stopping one…", actions.Find("#room-ws_mine [role=status]").TextContent));

        await actions.Find("#room-ws_mine").TriggerEventAsync("onclose", EventArgs.Empty);
        Time.Advance(TimeSpan.FromSeconds(1));
        await making;

        Assert.Single(Server.Requests, "POST /api/workspaces/ws_mine/start");
    }

    private static string Flat(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private HttpResponseMessage? Answer(HttpRequestMessage request)
    {
        if (request.Method != HttpMethod.Post)
        {
            return null;
        }

        var path = request.RequestUri!.AbsolutePath;
        if (path.EndsWith("/stop", StringComparison.Ordinal))
        {
            return Stop(path.Split('/')[3]);
        }

        if (running.Count > fits)
        {
            var oldest = namesNobody ? null : new LeastRecentlyAccessedResponse("ws_" + running[0], running[0], DateTimeOffset.UnixEpoch);
            var problem = new ProblemResponse(null, null, 409, "4096 MiB are needed and 0 MiB are free.", ProblemCodes.CapacityExhausted, null, "memory", 4096, 0, oldest);
            return FakeServer.Json(JsonSerializer.Serialize(problem, TidepoolJson.Default.ProblemResponse), HttpStatusCode.Conflict, "application/problem+json");
        }

        if (path.EndsWith("/start", StringComparison.Ordinal))
        {
            return Json(FakeServer.Workspace("mine", WorkspaceStatus.Starting));
        }

        var asked = JsonSerializer.Deserialize(request.Content!.ReadAsStringAsync().GetAwaiter().GetResult(), TidepoolJson.Default.CreateWorkspaceRequest)!;
        var created = FakeServer.Workspace(asked.Name!, WorkspaceStatus.Creating) with { Description = asked.Description };
        Server.Workspaces.Add(created);
        return Json(created);
    }

    private HttpResponseMessage Stop(string id)
    {
        var index = Server.Workspaces.FindIndex(w => w.Id == id);
        var workspace = Server.Workspaces[index];
        running.Remove(workspace.Name);
        Server.Workspaces[index] = workspace with { Status = workspace.Status == WorkspaceStatus.Running ? WorkspaceStatus.Stopped : workspace.Status };
        return Json(Server.Workspaces[index]);
    }

    private static HttpResponseMessage Json(WorkspaceResponse workspace) => FakeServer.Json(JsonSerializer.Serialize(workspace, TidepoolJson.Default.WorkspaceResponse));
}
