using System.Text.Json;
using Bunit;
using Tidepool.App.Capacity;
using Tidepool.Contracts;

namespace Tidepool.App.Tests.Capacity;

public sealed class CapacityPageTests : PageTest
{
    private CapacityResponse capacity = new(
        new(20_480, 8, 81_920),
        new(5632, 3, 3072),
        new(14_848, 5, 78_848),
        [
            new("ws_1", "demo", WorkspaceStatus.Running, 4096, 2, 1024, DateTimeOffset.UnixEpoch),
            new("ws_2", "fresh", WorkspaceStatus.Creating, 1536, 1, 1024, null),
            new("ws_3", "old", WorkspaceStatus.Stopped, 0, 0, 1024, DateTimeOffset.UnixEpoch.AddHours(-1)),
        ],
        new LeastRecentlyAccessedResponse("ws_1", "demo", DateTimeOffset.UnixEpoch));

    public CapacityPageTests() => Server.Answer = request => request.RequestUri!.AbsolutePath == "/api/capacity"
        ? FakeServer.Json(JsonSerializer.Serialize(capacity, TidepoolJson.Default.CapacityResponse))
        : null;

    [Fact]
    public void Each_resource_is_shown_as_text_and_as_a_named_meter()
    {
        var page = Render<CapacityPage>();
        page.WaitForElement("meter");

        Assert.Equal(
            ["5.5 of 20 GiB in use, 14.5 GiB left", "3 of 8 cores in use, 5 cores left", "3 of 80 GiB set aside, 77 GiB left"],
            page.FindAll(".meters dd span").Select(e => e.TextContent));
        foreach (var meter in page.FindAll("meter"))
        {
            Assert.NotEmpty(page.Find("#" + meter.GetAttribute("aria-labelledby")).TextContent);
        }

        Assert.Equal(("5632", "20480"), (page.Find("meter").GetAttribute("value"), page.Find("meter").GetAttribute("max")));
    }

    [Theory]
    [InlineData(512, 20_480, "512 MiB of 20 GiB")]
    [InlineData(0, 1024, "0 of 1 GiB")]
    public void Amounts_say_their_unit_once_where_it_is_the_same(long part, long all, string words) => Assert.Equal(words, CapacityWords.Of(CapacityWords.MiB(part), CapacityWords.MiB(all)));

    [Fact]
    public void The_use_of_capacity_is_a_table_that_says_which_workspace_to_stop()
    {
        var page = Render<CapacityPage>();
        page.WaitForElement("tbody tr");

        var rows = page.FindAll("tbody tr").Select(row => row.Children.Select(cell => cell.TextContent.Trim()).ToArray()).ToList();
        Assert.Equal(["demo", "Running", "4 GiB", "2 cores", "1 GiB"], rows[0][..5]);
        Assert.Contains("the one to stop", rows[0][5], StringComparison.Ordinal);
        Assert.Equal(["fresh", "Creating", "1.5 GiB", "1 core", "1 GiB", "never"], rows[1]);
        Assert.Equal(["none", "none"], rows[2][2..4]);
        Assert.DoesNotContain("the one to stop", rows[2][5], StringComparison.Ordinal);
    }

    [Fact]
    public void It_follows_what_changes()
    {
        var page = Render<CapacityPage>();
        page.WaitForElement("tbody tr");
        capacity = capacity with { Workspaces = [] };

        Feed.Take(FakeServer.Workspace("demo", WorkspaceStatus.Deleting));

        page.WaitForAssertion(() => Assert.Empty(page.FindAll("tbody tr")));
    }

    [Fact]
    public void An_unlimited_disk_has_no_meter()
    {
        capacity = capacity with { Budget = capacity.Budget with { DiskMiB = null }, Available = capacity.Available with { DiskMiB = null } };
        var page = Render<CapacityPage>();
        page.WaitForElement("meter");
        Assert.Equal(2, page.FindAll("meter").Count);
        Assert.Contains("there is no limit", page.Find(".meters").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_does_not_answer_is_said_so_and_asked_again()
    {
        Server.IsDown = true;
        var page = Render<CapacityPage>();
        Assert.Contains("does not answer", page.WaitForElement("[role=alert]").TextContent, StringComparison.Ordinal);
        Server.IsDown = false;
        page.Find("[role=alert] button").Click();
        page.WaitForElement("meter");
        Assert.Empty(page.FindAll("[role=alert]"));
    }
}
