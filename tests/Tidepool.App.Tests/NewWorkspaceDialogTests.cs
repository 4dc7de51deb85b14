using System.Net;
using Bunit;
using Tidepool.App.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.App.Tests;

public sealed class NewWorkspaceDialogTests : PageTest
{
    [Theory]
    [InlineData("demo", true)]
    [InlineData("a-1", true)]
    [InlineData("ab", false)]
    [InlineData("Demo", false)]
    [InlineData("-demo", false)]
    [InlineData("demo-", false)]
    [InlineData("de mo", false)]
    public void The_rule_is_the_servers_own(string name, bool valid) => Assert.Equal(valid, NewWorkspaceDialog.IsName(name));

    [Fact]
    public async Task A_taken_name_is_reported_at_the_name_field()
    {
        Server.Answer = request => request.Method == HttpMethod.Post
            ? FakeServer.Json($$"""{"status":409,"code":"{{ProblemCodes.NameTaken}}","detail":"That name is taken."}""", HttpStatusCode.Conflict, "application/problem+json")
            : null;
        var dialog = Render<NewWorkspaceDialog>();
        await dialog.InvokeAsync(() => dialog.Instance.OpenAsync());
        await dialog.Find("#new-name").InputAsync("demo");
        await dialog.Find("form").SubmitAsync();

        dialog.WaitForAssertion(() => Assert.Equal("That name is taken.", dialog.Find("#new-name-rule").TextContent));
        Assert.Equal("true", dialog.Find("#new-name").GetAttribute("aria-invalid"));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_said_so_and_nothing_typed_is_lost()
    {
        var dialog = Render<NewWorkspaceDialog>();
        await dialog.InvokeAsync(() => dialog.Instance.OpenAsync());
        await dialog.Find("#new-name").InputAsync("demo");
        Server.IsDown = true;
        await dialog.Find("form").SubmitAsync();

        dialog.WaitForAssertion(() => Assert.Contains("does not answer", dialog.Find(".fault").TextContent, StringComparison.Ordinal));
        Assert.Equal("demo", dialog.Find("#new-name").GetAttribute("value"));
    }
}
