using System.Net;
using System.Text.Json;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.App.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.App.Tests.Capacity;

/// <summary>A machine with 17 GiB, where four workspaces of 4 GiB run, the first of them the least recently used.</summary>
public sealed class MakeRoomTests : PageTest
{
    private readonly List<string> unstoppable = [];
    private bool stoppingHelps = true;
    private string? taken;

    public MakeRoomTests()
    {
        Server.Budget = new CapacityAmountResponse(17 * 1024, 64, null);
        Server.Workspaces.Add(FakeServer.Workspace("mine", WorkspaceStatus.Stopped));
        Server.Workspaces.AddRange(new[] { "one", "two", "three", "four" }.Select(name => FakeServer.Workspace(name, WorkspaceStatus.Running)));
        Server.Workspaces[1] = Server.Workspaces[1] with { LastAccessedAt = DateTimeOffset.UnixEpoch };
        Server.Answer = Answer;
    }

    [Fact]
    public async Task As_many_as_suffice_are_chosen_the_least_recently_used_first_and_stopped_at_once()
    {
        var actions = await AskAsync(memoryMiB: 16 * 1024);
        var dialog = actions.Find("#room-ws_mine");
        Assert.Contains("It needs 16 GiB of memory, and 1 GiB are free.", dialog.TextContent, StringComparison.Ordinal);
        Assert.Equal(["one", "two", "three", "four"], dialog.QuerySelectorAll("label strong").Select(name => name.TextContent));
        Assert.Equal("4 GiB and 2 cores, last used 3 minutes ago", Flat(dialog.QuerySelector("label .hint")!.TextContent));
        Assert.Equal("4 GiB and 2 cores, not used yet", Flat(dialog.QuerySelectorAll("label .hint")[1].TextContent));
        Assert.Equal([true, true, true, true], Ticked(actions));
        Assert.Equal("15 GiB are missing, and these free 16 GiB.", Said(actions));
        Assert.Equal("Stop 4 workspaces and start mine", Proposal(actions));

        await actions.Find("#room-ws_mine form").SubmitAsync();
        actions.WaitForAssertion(() => Assert.Equal(WorkspaceStatus.Starting, Server.Workspaces[0].Status));
        Assert.All(Server.Workspaces.Skip(1), workspace => Assert.Equal(WorkspaceStatus.Stopped, workspace.Status));
        Assert.Empty(actions.FindAll(".fault"));
    }

    [Fact]
    public async Task The_user_chooses_others_and_what_does_not_suffice_cannot_be_done()
    {
        var actions = await AskAsync(memoryMiB: 8 * 1024);
        Assert.Equal([true, true, false, false], Ticked(actions));
        await actions.Find("#room-ws_mine input").ChangeAsync(false);
        Assert.Equal("7 GiB are missing, and these free 4 GiB. Choose more.", Said(actions));
        Assert.Equal("true", actions.Find("#room-ws_mine [type=submit]").GetAttribute("aria-disabled"));
        await actions.Find("#room-ws_mine form").SubmitAsync();
        Assert.DoesNotContain(Server.Requests, request => request.EndsWith("/stop", StringComparison.Ordinal));

        await actions.FindAll("#room-ws_mine input")[3].ChangeAsync(true);
        Assert.Equal("Stop 2 workspaces and start mine", Proposal(actions));
        await actions.Find("#room-ws_mine form").SubmitAsync();
        actions.WaitForAssertion(() => Assert.Equal(WorkspaceStatus.Starting, Server.Workspaces[0].Status));
        Assert.Equal(["one", "three"], Server.Workspaces.Where(w => w.Status == WorkspaceStatus.Running).Select(w => w.Name));
    }

    [Fact]
    public async Task Cores_can_be_what_is_missing()
    {
        Server.Budget = Server.Budget with { MemoryMiB = 64 * 1024, Cpus = 9 };
        var actions = await AskAsync(memoryMiB: 4096, cpus: 2);
        Assert.Contains("It needs 2 cores, and 1 core is free.", actions.Find("#room-ws_mine").TextContent, StringComparison.Ordinal);
        Assert.Equal("1 core is missing, and these free 2 cores.", Said(actions));
        Assert.Equal("Stop one and start mine", Proposal(actions));
    }

    [Fact]
    public async Task Where_another_takes_the_room_meanwhile_the_choice_begins_again()
    {
        taken = "greedy";
        var actions = await AskAsync(memoryMiB: 4096);
        await actions.Find("#room-ws_mine form").SubmitAsync();

        actions.WaitForAssertion(() => Assert.Equal("Stop two and start mine", Proposal(actions)));
        Assert.Contains("another request took the room", Assert.Single(actions.FindAll(".fault")).TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_error_is_shown_however_many_do_not_stop()
    {
        unstoppable.AddRange(["one", "two"]);
        var actions = await AskAsync(memoryMiB: 8 * 1024);
        await actions.Find("#room-ws_mine form").SubmitAsync();

        actions.WaitForAssertion(() => Assert.Equal("Incus does not answer.", Assert.Single(actions.FindAll(".fault")).TextContent));
        Assert.DoesNotContain(Server.Requests.Skip(1), request => request == "POST /api/workspaces/ws_mine/start" && Server.Workspaces[0].Status == WorkspaceStatus.Starting);
    }

    [Fact]
    public async Task A_lack_that_stopping_does_not_help_is_only_reported()
    {
        stoppingHelps = false;
        var actions = await AskAsync(memoryMiB: 16 * 1024);

        Assert.Contains("are needed", actions.Find(".fault").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain(JSInterop.Invocations, call => call.Identifier == "tidepool.showDialog");
    }

    [Fact]
    public async Task A_new_workspace_is_made_in_the_room_of_another_with_all_that_was_typed()
    {
        var dialog = await AskForNewAsync();
        Assert.Equal("Stop one and create fresh", Flat(dialog.Find("#room-new button[type=submit]").TextContent));

        await dialog.Find("#room-new form").SubmitAsync();

        dialog.WaitForAssertion(() => Assert.EndsWith("workspaces/fresh", Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal));
        Assert.Equal("For later.", Server.Workspaces.Single(w => w.Name == "fresh").Description);
    }

    [Fact]
    public async Task One_dialog_is_open_at_a_time_and_leaving_it_leads_back_to_what_was_typed_without_an_error()
    {
        var dialog = await AskForNewAsync();
        Assert.Equal(["new-workspace", "room-new"], Dialogs("show"));
        Assert.Equal(["new-workspace"], Dialogs("close"));

        await dialog.Find("#room-new").TriggerEventAsync("onclose", EventArgs.Empty);

        dialog.WaitForAssertion(() => Assert.Equal(["new-workspace", "room-new", "new-workspace"], Dialogs("show")));
        Assert.Equal("fresh", dialog.Find("#new-name").GetAttribute("value"));
        Assert.Empty(dialog.FindAll(".fault"));
    }

    [Fact]
    public async Task An_error_goes_as_soon_as_the_size_that_it_is_about_changes()
    {
        stoppingHelps = false;
        var dialog = await AskForNewAsync();
        Assert.Single(dialog.FindAll(".fault"));
        await dialog.Find("#new-memory").InputAsync("2048");
        Assert.Empty(dialog.FindAll(".fault"));
    }

    [Fact]
    public async Task Who_closes_it_while_the_other_stops_starts_nothing()
    {
        var actions = await AskAsync(memoryMiB: 4096);
        Server.Workspaces[1] = Server.Workspaces[1] with { Status = WorkspaceStatus.Stopping };
        var making = actions.Find("#room-ws_mine form").SubmitAsync();
        actions.WaitForAssertion(() => Assert.Equal("Stopping one…", Said(actions)));

        await actions.Find("#room-ws_mine").TriggerEventAsync("onclose", EventArgs.Empty);
        Time.Advance(TimeSpan.FromSeconds(1));
        await making;

        Assert.Single(Server.Requests, "POST /api/workspaces/ws_mine/start");
    }

    private static string Flat(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string Said(IRenderedComponent<WorkspaceActions> actions) => actions.Find("#room-ws_mine [role=status]").TextContent;

    private static string Proposal(IRenderedComponent<WorkspaceActions> actions) => Flat(actions.Find("#room-ws_mine button[type=submit]").TextContent);

    private static IEnumerable<bool> Ticked(IRenderedComponent<WorkspaceActions> actions) => actions.FindAll("#room-ws_mine input").Select(input => input.HasAttribute("checked"));

    private List<object?> Dialogs(string verb) => [.. JSInterop.Invocations[$"tidepool.{verb}Dialog"].Select(call => call.Arguments[0])];

    private async Task<IRenderedComponent<WorkspaceActions>> AskAsync(int memoryMiB, int cpus = 2)
    {
        Server.Workspaces[0] = Server.Workspaces[0] with { MemoryMiB = memoryMiB, Cpus = cpus };
        var actions = Render<WorkspaceActions>(p => p.Add(a => a.Workspace, Server.Workspaces[0]));
        await actions.Find("[aria-label='Start mine']").ClickAsync();
        return actions;
    }

    private async Task<IRenderedComponent<NewWorkspaceDialog>> AskForNewAsync()
    {
        var dialog = Render<NewWorkspaceDialog>();
        await dialog.InvokeAsync(() => dialog.Instance.OpenAsync());
        await dialog.Find("#new-name").InputAsync("fresh");
        await dialog.Find("#new-description").InputAsync("For later.");
        await dialog.Find("#new-workspace form").SubmitAsync();
        return dialog;
    }

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

        var asked = path.EndsWith("/start", StringComparison.Ordinal)
            ? Server.Workspaces[0] with { Status = WorkspaceStatus.Starting }
            : Made(JsonSerializer.Deserialize(request.Content!.ReadAsStringAsync().GetAwaiter().GetResult(), TidepoolJson.Default.CreateWorkspaceRequest)!);
        var running = Server.Workspaces.Where(w => w.Status == WorkspaceStatus.Running).ToList();
        if (running.Sum(w => w.MemoryMiB) + asked.MemoryMiB > Server.Budget.MemoryMiB || running.Sum(w => w.Cpus) + asked.Cpus > Server.Budget.Cpus)
        {
            return Problem(new ProblemResponse(
                null, null, 409, $"{asked.MemoryMiB} MiB are needed.", ProblemCodes.CapacityExhausted, null, "memory", asked.MemoryMiB, 1024, stoppingHelps ? new LeastRecentlyAccessedResponse("ws_one", "one", null) : null));
        }

        Server.Workspaces.RemoveAll(w => w.Id == asked.Id);
        Server.Workspaces.Insert(0, asked);
        return Json(asked);
    }

    private static WorkspaceResponse Made(CreateWorkspaceRequest asked) =>
        FakeServer.Workspace(asked.Name!, WorkspaceStatus.Creating) with { Description = asked.Description, MemoryMiB = asked.MemoryMiB!.Value, Cpus = asked.Cpus!.Value };

    private HttpResponseMessage Stop(string id)
    {
        var index = Server.Workspaces.FindIndex(w => w.Id == id);
        var workspace = Server.Workspaces[index];
        if (unstoppable.Contains(workspace.Name))
        {
            return Problem(new ProblemResponse(null, null, 503, "Incus does not answer.", ProblemCodes.DependencyDown, null));
        }

        Server.Workspaces[index] = workspace with { Status = workspace.Status == WorkspaceStatus.Running ? WorkspaceStatus.Stopped : workspace.Status };
        if (taken is not null)
        {
            Server.Workspaces.Add(FakeServer.Workspace(taken, WorkspaceStatus.Running));
            taken = null;
        }

        return Json(Server.Workspaces[index]);
    }

    private static HttpResponseMessage Problem(ProblemResponse problem) =>
        FakeServer.Json(JsonSerializer.Serialize(problem, TidepoolJson.Default.ProblemResponse), (HttpStatusCode)problem.Status!.Value, "application/problem+json");

    private static HttpResponseMessage Json(WorkspaceResponse workspace) => FakeServer.Json(JsonSerializer.Serialize(workspace, TidepoolJson.Default.WorkspaceResponse));
}
