using System.Net;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.App.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.App.Tests.Ports;

public sealed class PortSectionTests : PageTest
{
    [Theory]
    [InlineData(WorkspaceStatus.Running, true, "Answers")]
    [InlineData(WorkspaceStatus.Running, false, "Nothing answers yet")]
    [InlineData(WorkspaceStatus.Stopped, false, "The workspace is not running")]
    public void A_port_shows_whether_something_answers(WorkspaceStatus status, bool answers, string words)
    {
        var page = Show(status, FakeServer.Port(3000, "API", answers: answers));
        Assert.Equal("3000 API", page.Find("#ports li h3").TextContent);
        Assert.Equal(words, page.Find("#ports li .badge").TextContent);
    }

    [Fact]
    public void A_port_opens_in_a_tab_that_knows_nothing_of_this_one()
    {
        var open = Show(WorkspaceStatus.Running, FakeServer.Port(3000)).Find("#ports li a");
        Assert.Equal("http://localhost:8081/workspace/demo/port/3000/", open.GetAttribute("href"));
        Assert.Equal("_blank", open.GetAttribute("target"));
        Assert.Equal("noopener", open.GetAttribute("rel"));
        Assert.Equal("Open port 3000 in a new tab", open.GetAttribute("aria-label"));
    }

    [Fact]
    public void A_port_that_gets_the_whole_path_shows_its_base_path()
    {
        var page = Show(WorkspaceStatus.Running, FakeServer.Port(5173, stripPrefix: false));
        Assert.Equal("/workspace/demo/port/5173/", page.Find("#ports li code").TextContent);
    }

    [Fact]
    public async Task What_begins_to_answer_is_shown_and_announced_without_being_asked_for()
    {
        var page = Show(WorkspaceStatus.Running, FakeServer.Port(3000));
        await page.InvokeAsync(() => Feed.Take(Feed.Find("demo")! with { Ports = [FakeServer.Port(3000, answers: true)] }));

        page.WaitForAssertion(() => Assert.Equal("Answers", page.Find("#ports li .badge").TextContent));
        Assert.Equal("Port 3000 of demo answers.", Feed.Announcement);
    }

    [Fact]
    public async Task A_port_is_added_with_its_label_and_its_switch()
    {
        var page = Show(WorkspaceStatus.Running);
        await page.Find("#port-number").InputAsync("5173");
        await page.Find("#port-label").InputAsync("Vite");
        await page.Find("#port-whole-path").ChangeAsync(true);
        Assert.Contains("/workspace/demo/port/5173/", page.Find("#port-whole-path-rule").TextContent, StringComparison.Ordinal);
        await page.Find(".add-port").SubmitAsync();

        page.WaitForAssertion(() => Assert.Equal("5173 Vite", page.Find("#ports li h3").TextContent));
        Assert.False(Server.Workspaces[0].Ports[0].StripPrefix);
        Assert.Equal("Port 5173 is registered.", Told(page));
        Assert.Equal("", page.Find("#port-number").GetAttribute("value"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("65536")]
    [InlineData("3e3")]
    [InlineData("-3000")]
    [InlineData("web")]
    public async Task An_invalid_number_is_reported_at_its_field_and_nothing_is_sent(string number)
    {
        var page = Show(WorkspaceStatus.Running);
        await page.Find("#port-number").InputAsync(number);
        await page.Find(".add-port").SubmitAsync();

        Assert.Equal("A whole number from 1024 to 65535.", page.Find("#port-number-rule.fault").TextContent);
        Assert.Equal("true", page.Find("#port-number").GetAttribute("aria-invalid"));
        Assert.DoesNotContain(Server.Requests, request => request.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_server_refuses_by_field_is_shown_at_the_field()
    {
        var page = Show(WorkspaceStatus.Running);
        Server.Answer = request => request.Method == HttpMethod.Post
            ? FakeServer.Json("""{"status":400,"code":"validation","errors":{"label":["A label is one line."]}}""", HttpStatusCode.BadRequest, "application/problem+json")
            : null;
        await page.Find("#port-number").InputAsync("3000");
        await page.Find(".add-port").SubmitAsync();

        page.WaitForAssertion(() => Assert.Equal("A label is one line.", page.Find("#port-label-rule.fault").TextContent));
        Assert.Equal("3000", page.Find("#port-number").GetAttribute("value"));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_said_so_and_nothing_typed_is_lost()
    {
        var page = Show(WorkspaceStatus.Running);
        await page.Find("#port-number").InputAsync("3000");
        Server.IsDown = true;
        await page.Find(".add-port").SubmitAsync();

        page.WaitForAssertion(() => Assert.Contains("does not answer", page.Find(".add-port .fault").TextContent, StringComparison.Ordinal));
        Assert.Equal("3000", page.Find("#port-number").GetAttribute("value"));
    }

    [Fact]
    public void With_five_ports_there_is_no_form_but_a_reason()
    {
        var page = Show(WorkspaceStatus.Running, [.. Enumerable.Range(3000, 5).Select(number => FakeServer.Port(number))]);
        Assert.Empty(page.FindAll(".add-port"));
        Assert.Contains("A workspace can have 5 ports", page.Find("#ports").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_removed_comes_back_as_it_was_with_undo()
    {
        var page = Show(WorkspaceStatus.Running, FakeServer.Port(5173, "Vite", stripPrefix: false));
        await page.Find("[aria-label='Remove port 5173']").ClickAsync(new());
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("#ports li")));
        Assert.StartsWith("Port 5173 is removed.", Told(page), StringComparison.Ordinal);

        await page.Find("[aria-label='Undo: put port 5173 back']").ClickAsync(new());
        page.WaitForAssertion(() => Assert.Equal("5173 Vite", page.Find("#ports li h3").TextContent));
        Assert.False(Server.Workspaces[0].Ports[0].StripPrefix);
        Assert.Equal("Port 5173 is back.", Told(page));
    }

    [Fact]
    public async Task A_removal_that_is_refused_says_why_and_keeps_the_port()
    {
        var page = Show(WorkspaceStatus.Running, FakeServer.Port(3000));
        Server.Answer = request => request.Method == HttpMethod.Delete
            ? FakeServer.Json("""{"status":503,"code":"dependency-down","detail":"The database is busy."}""", HttpStatusCode.ServiceUnavailable, "application/problem+json")
            : null;
        await page.Find("[aria-label='Remove port 3000']").ClickAsync(new());

        page.WaitForAssertion(() => Assert.Equal("The database is busy.", page.Find("#ports .fault").TextContent));
        Assert.Single(page.FindAll("#ports li"));
    }

    [Theory]
    [InlineData(true, "The URL of port 3000 is copied.", "Copied")]
    [InlineData(false, "http://localhost:8081/workspace/demo/port/3000/", "Copy URL")]
    public async Task Copying_says_whether_it_worked(bool allowed, string said, string button)
    {
        JSInterop.Setup<bool>("tidepool.copy", "http://localhost:8081/workspace/demo/port/3000/").SetResult(allowed);
        var page = Show(WorkspaceStatus.Running, FakeServer.Port(3000));
        await page.Find("[aria-label='Copy URL of port 3000']").ClickAsync(new());

        page.WaitForAssertion(() => Assert.Contains(said, page.Find("#ports").TextContent, StringComparison.Ordinal));
        Assert.Equal(button, page.Find("[aria-label$='URL of port 3000']").TextContent);
    }

    [Theory]
    [InlineData("3000", "false")]
    [InlineData("80", "true")]
    public void A_port_in_the_address_is_in_the_form_already(string port, string invalid)
    {
        var page = Show(WorkspaceStatus.Running, query: $"?port={port}");
        Assert.Equal(port, page.Find("#port-number").GetAttribute("value"));
        Assert.Equal(invalid, page.Find("#port-number").GetAttribute("aria-invalid"));
    }

    [Fact]
    public void A_port_in_the_address_that_is_registered_is_not_asked_for_again()
    {
        var page = Show(WorkspaceStatus.Running, query: "?port=3000", FakeServer.Port(3000));
        Assert.Equal("", page.Find("#port-number").GetAttribute("value"));
    }

    [Fact]
    public async Task What_was_removed_from_one_workspace_is_not_offered_back_on_the_page_of_another()
    {
        Server.Workspaces.Add(FakeServer.Workspace("other", WorkspaceStatus.Running));
        var page = Show(WorkspaceStatus.Running, FakeServer.Port(3000));
        await page.Find("[aria-label='Remove port 3000']").ClickAsync(new());
        page.WaitForElement("[aria-label='Undo: put port 3000 back']");
        page.Render(parameters => parameters.Add(p => p.Name, "other"));
        page.WaitForAssertion(() => Assert.Equal("other", page.Find("h1").TextContent));
        Assert.Equal("", Told(page));
    }

    private static string Told(IRenderedComponent<WorkspacePage> page) => page.Find("#ports .told").TextContent.Trim();

    private IRenderedComponent<WorkspacePage> Show(WorkspaceStatus status, params PortResponse[] ports) => Show(status, "", ports);

    private IRenderedComponent<WorkspacePage> Show(WorkspaceStatus status, string query, params PortResponse[] ports)
    {
        Server.Workspaces.Add(FakeServer.Workspace("demo", status) with { Ports = ports });
        Services.GetRequiredService<NavigationManager>().NavigateTo("workspaces/demo" + query);
        Feed.Start();
        var page = Render<WorkspacePage>(parameters => parameters.Add(p => p.Name, "demo"));
        page.WaitForElement("#ports");
        return page;
    }
}
