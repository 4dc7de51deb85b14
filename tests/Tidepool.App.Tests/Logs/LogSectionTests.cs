using System.Text.Json;
using Bunit;
using Tidepool.App.Logs;
using Tidepool.Contracts;

namespace Tidepool.App.Tests.Logs;

public sealed class LogSectionTests : PageTest
{
    private readonly List<string> queries = [];
    private readonly List<LogLineResponse> log = [];

    public LogSectionTests() => Server.Answer = Answer;

    [Fact]
    public void While_a_workspace_is_being_made_its_log_is_shown_and_goes_on_by_itself()
    {
        Say("lifecycle", "Making the disk (1 of 4)");
        var section = Show(WorkspaceStatus.Creating);
        section.WaitForAssertion(() => Assert.Equal(["Making the disk (1 of 4)"], Lines(section)));

        Say("lifecycle", "Making the disk: done", 153);
        Say("console", "Welcome");
        Time.Advance(TimeSpan.FromSeconds(1));
        section.WaitForAssertion(() => Assert.Equal(["Making the disk (1 of 4)", "Making the disk: done (0.15 s)", "Welcome"], Lines(section)));
        Assert.Equal(["?tail=200", "?after=1-1"], queries);
    }

    [Fact]
    public void Said_aloud_is_what_tidepool_does_and_nothing_that_a_guest_writes()
    {
        var section = Show(WorkspaceStatus.Creating);
        section.WaitForAssertion(() => Assert.Equal("Nothing yet.", section.Find("#log-lines .hint").TextContent));
        Say("lifecycle", "Booting (2 of 4)");
        Say("lifecycle", "Connecting to the network (3 of 4)");
        Say("console", "noise");
        Time.Advance(TimeSpan.FromSeconds(1));
        section.WaitForAssertion(() => Assert.Equal("Connecting to the network (3 of 4)", section.Find("[aria-live=polite]").TextContent));
    }

    [Fact]
    public async Task The_log_of_a_running_workspace_is_asked_for_when_it_is_opened_and_no_more_when_it_is_closed()
    {
        Say("console", "Welcome");
        var section = Show(WorkspaceStatus.Running);
        Assert.Empty(queries);
        Assert.Equal("false", section.Find("button").GetAttribute("aria-expanded"));

        await section.Find("button").ClickAsync();
        section.WaitForAssertion(() => Assert.Equal(["Welcome"], Lines(section)));
        Assert.Equal("true", section.Find("button").GetAttribute("aria-expanded"));
        Assert.Equal("0", section.Find(".log").GetAttribute("tabindex"));

        await section.Find("button").ClickAsync();
        Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Single(queries);
        Assert.True(section.Find("#log-lines").HasAttribute("hidden"));
    }

    [Fact]
    public void What_was_open_stays_open_when_the_workspace_runs()
    {
        Say("lifecycle", "create: succeeded");
        var section = Show(WorkspaceStatus.Creating);
        section.Render(p => p.Add(s => s.Workspace, FakeServer.Workspace("demo", WorkspaceStatus.Running)));
        section.WaitForAssertion(() => Assert.Equal(["create: succeeded"], Lines(section)));
        Assert.False(section.Find("#log-lines").HasAttribute("hidden"));
    }

    [Fact]
    public void Orders_to_a_terminal_and_signs_that_turn_a_text_are_not_shown_as_they_are()
    {
        Say("console", "\u001b[31mred\u001b[0m \u202edne\u0007");
        var section = Show(WorkspaceStatus.Error);
        section.WaitForAssertion(() => Assert.Equal([@"red \u202edne\u0007"], Lines(section)));
    }

    [Fact]
    public void Only_the_newest_lines_of_a_flood_are_kept_on_the_page()
    {
        for (var number = 0; number < 700; number++)
        {
            Say("console", $"{number}");
        }

        var section = Show(WorkspaceStatus.Creating);
        section.WaitForAssertion(() => Assert.Equal(500, Lines(section).Count));
        Assert.Equal("699", Lines(section)[^1]);
    }

    [Fact]
    public void A_server_that_is_away_is_reported_and_the_log_goes_on_when_it_is_back()
    {
        Server.IsDown = true;
        var section = Show(WorkspaceStatus.Creating);
        section.WaitForAssertion(() => Assert.Contains("does not answer", section.Find("[role=status]").TextContent, StringComparison.Ordinal));

        Server.IsDown = false;
        Say("lifecycle", "Booting (2 of 4)");
        Time.Advance(TimeSpan.FromSeconds(1));
        section.WaitForAssertion(() => Assert.Equal(["Booting (2 of 4)"], Lines(section)));
        Assert.Empty(section.FindAll("[role=status]"));
    }

    private IRenderedComponent<LogSection> Show(WorkspaceStatus status) => Render<LogSection>(p => p.Add(s => s.Workspace, FakeServer.Workspace("demo", status)));

    private void Say(string source, string message, double? duration = null) => log.Add(new LogLineResponse(Time.GetUtcNow(), source, message, duration));

    private static List<string> Lines(IRenderedComponent<LogSection> section) => [.. section.FindAll("#log li span").Select(line => line.TextContent)];

    private HttpResponseMessage? Answer(HttpRequestMessage request)
    {
        if (request.RequestUri!.AbsolutePath != "/api/workspaces/ws_demo/logs")
        {
            return null;
        }

        var query = request.RequestUri.Query;
        queries.Add(query);
        var from = query.StartsWith("?after=1-", StringComparison.Ordinal) ? int.Parse(query["?after=1-".Length..]) : 0;
        var answer = FakeServer.Json(string.Concat(log.Skip(from).Select(line => JsonSerializer.Serialize(line, TidepoolJson.Default.LogLineResponse) + "\n")), type: "application/x-ndjson");
        answer.Headers.Add(LogPageResponse.PositionHeader, $"1-{log.Count}");
        return answer;
    }
}
