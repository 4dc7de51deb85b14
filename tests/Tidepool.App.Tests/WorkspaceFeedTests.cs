using System.Text.Json;
using Tidepool.App.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.App.Tests;

public sealed class WorkspaceFeedTests : PageTest
{
    [Fact]
    public async Task What_the_list_reports_is_shown_and_announced_when_it_changes()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Starting));
        Feed.Start();
        await UntilAsync(() => Feed.Loaded);

        Feed.Take(Feed.Find("demo")! with { Status = WorkspaceStatus.Running });
        Assert.Equal("demo is running.", Feed.Announcement);
    }

    [Fact]
    public async Task An_older_answer_never_replaces_a_newer_one()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Starting));
        Feed.Start();
        await UntilAsync(() => Feed.Loaded);

        var old = Feed.Find("demo")!;
        Feed.Take(old with { Status = WorkspaceStatus.Running, Version = old.Version + 1 });
        Feed.Take(old);
        Assert.Equal(WorkspaceStatus.Running, Feed.Find("demo")!.Status);
    }

    [Fact]
    public async Task A_newer_answer_is_shown_although_the_clock_was_set_back()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Starting));
        Feed.Start();
        await UntilAsync(() => Feed.Loaded);

        var old = Feed.Find("demo")!;
        Feed.Take(old with { Status = WorkspaceStatus.Running, UpdatedAt = old.UpdatedAt.AddHours(-1), Version = old.Version + 1 });
        Assert.Equal(WorkspaceStatus.Running, Feed.Find("demo")!.Status);
    }

    [Fact]
    public async Task A_malformed_event_is_passed_over_and_the_events_after_it_are_shown()
    {
        var demo = FakeServer.Workspace("demo", WorkspaceStatus.Running);
        var good = JsonSerializer.Serialize(demo, TidepoolJson.Default.WorkspaceResponse);
        Server.Answer = request => request.RequestUri!.AbsolutePath == "/api/events"
            ? FakeServer.Json($"event: workspace\ndata: {{\"id\":\n\nevent: workspace\ndata: {good}\n\n", type: "text/event-stream")
            : null;
        var shown = false;
        Feed.Changed += () => shown |= Feed.Find("demo") is not null;
        Feed.Start();
        await UntilAsync(() => shown);
    }

    [Fact]
    public async Task A_late_answer_to_a_command_does_not_bring_back_a_workspace_that_was_removed()
    {
        var demo = FakeServer.Workspace("demo", WorkspaceStatus.Deleting);
        Server.Workspaces.Add(demo);
        Server.Answer = request => request.RequestUri!.AbsolutePath == "/api/events"
            ? FakeServer.Json($"event: removed\ndata: {JsonSerializer.Serialize(new RemovedEvent(demo.Id, demo.Name), TidepoolJson.Default.RemovedEvent)}\n\n", type: "text/event-stream")
            : null;
        Feed.Start();
        await UntilAsync(() => Feed.Announcement == "demo is deleted.");
        Server.Workspaces.Clear();
        Feed.Take(demo with { Version = demo.Version + 1 });
        Assert.Null(Feed.Find("demo"));
    }

    [Fact]
    public async Task A_list_that_cannot_be_read_does_not_end_the_feed()
    {
        Server.Answer = request => request.RequestUri!.AbsolutePath == "/api/workspaces" ? FakeServer.Json("{") : null;
        Feed.Start();
        await UntilAsync(() => Feed.Connection == FeedConnection.Lost);
        Server.Answer = _ => null;
        await UntilAsync(() => Feed.Connection == FeedConnection.Live);
    }

    [Fact]
    public async Task A_broken_stream_is_taken_up_again_and_what_went_meanwhile_is_gone()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Running));
        Feed.Start();
        await UntilAsync(() => Streams() == 1);
        Server.Workspaces.Clear();
        Server.EndStream();
        await UntilAsync(() => Streams() == 2);
        Assert.Empty(Feed.Workspaces);
    }

    [Fact]
    public async Task A_server_that_is_down_is_said_so_and_found_again()
    {
        Server.IsDown = true;
        Feed.Start();
        await UntilAsync(() => Feed.Connection == FeedConnection.Lost);
        Server.IsDown = false;
        await UntilAsync(() => Feed.Connection == FeedConnection.Live);
    }

    private int Streams()
    {
        lock (Server.Requests)
        {
            return Server.Requests.Count(r => r == "GET /api/events");
        }
    }

    /// <summary>Lets the feed's own clock run until it is so.</summary>
    private async Task UntilAsync(Func<bool> condition)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "It did not come to pass.");
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
