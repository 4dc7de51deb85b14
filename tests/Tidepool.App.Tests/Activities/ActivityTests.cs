using System.Net;
using System.Text.Json;
using Bunit;
using Tidepool.App.Activities;
using Tidepool.App.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.App.Tests.Activities;

public sealed class ActivityTests : PageTest
{
    private readonly List<ActivityResponse> activity = [];
    private TaskCompletionSource? held;
    private bool isRefused;

    public ActivityTests()
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", WorkspaceStatus.Running));
        Server.AnswerAsync = AnswerAsync;
        Feed.Start();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void While_the_activity_is_on_its_way_it_is_not_said_that_there_is_none(bool ofAll)
    {
        held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        IRenderedComponent<Microsoft.AspNetCore.Components.IComponent> page = ofAll ? Render<ActivityPage>() : Render<WorkspacePage>(p => p.Add(w => w.Name, "demo"));
        page.WaitForAssertion(() => Assert.Contains("Loading…", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("Nothing yet.", page.Markup, StringComparison.Ordinal);

        held.SetResult();
        page.WaitForAssertion(() => Assert.Contains("Nothing yet.", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_page_shows_what_happens_without_being_loaded_again()
    {
        activity.Add(Happened(1, "create"));
        var page = Render<ActivityPage>();
        page.WaitForAssertion(() => Assert.Equal(["demo: create succeeded"], Sentences(page)));

        activity.Insert(0, Happened(2, "stop"));
        await page.InvokeAsync(() => Feed.Take(Server.Workspaces[0] with { Status = WorkspaceStatus.Stopped, Version = 2 }));
        page.WaitForAssertion(() => Assert.Equal(["demo: stop succeeded", "demo: create succeeded"], Sentences(page)));
    }

    [Fact]
    public async Task Older_activity_stays_below_what_is_new()
    {
        activity.AddRange(Enumerable.Range(0, 30).Select(number => Happened(30 - number, "start")));
        var page = Render<ActivityPage>();
        page.WaitForAssertion(() => Assert.Equal(25, Sentences(page).Count));
        await page.Find("button").ClickAsync();
        page.WaitForAssertion(() => Assert.Equal(30, Sentences(page).Count));

        activity.Insert(0, Happened(31, "stop"));
        await page.InvokeAsync(() => Feed.Take(Server.Workspaces[0] with { Version = 2 }));
        page.WaitForAssertion(() => Assert.Equal(31, Sentences(page).Count));
        Assert.Empty(page.FindAll("button"));
    }

    [Fact]
    public async Task A_refusal_is_shown_and_can_be_tried_again()
    {
        isRefused = true;
        var page = Render<ActivityPage>();
        page.WaitForAssertion(() => Assert.Contains("The database is busy.", page.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        isRefused = false;
        await page.Find("[role=alert] button").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("Nothing yet.", page.Markup, StringComparison.Ordinal));
    }

    private static ActivityResponse Happened(long sequence, string verb) => new(sequence, "ws_demo", "demo", verb, "user", "succeeded", null, null, DateTimeOffset.UnixEpoch);

    private static List<string> Sentences(IRenderedComponent<ActivityPage> page) => [.. page.FindAll(".activity li span:first-child").Select(sentence => sentence.TextContent)];

    private async Task<HttpResponseMessage?> AnswerAsync(HttpRequestMessage request)
    {
        if (!request.RequestUri!.AbsolutePath.EndsWith("/activity", StringComparison.Ordinal))
        {
            return null;
        }

        if (held is not null)
        {
            await held.Task;
        }

        if (isRefused)
        {
            return FakeServer.Json("""{"status":503,"detail":"The database is busy."}""", HttpStatusCode.ServiceUnavailable, "application/problem+json");
        }

        var rest = request.RequestUri.Query.Contains("cursor=", StringComparison.Ordinal) ? activity.Skip(25) : activity.Take(25);
        var page = new PageResponse<ActivityResponse>([.. rest], activity.Count > 25 && rest.First() == activity[0] ? "more" : null);
        return FakeServer.Json(JsonSerializer.Serialize(page, TidepoolJson.Default.PageResponseActivityResponse));
    }
}
