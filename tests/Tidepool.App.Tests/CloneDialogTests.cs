using System.Net;
using System.Text.Json;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.App.Workspaces;
using Tidepool.Contracts;

namespace Tidepool.App.Tests;

public sealed class CloneDialogTests : PageTest
{
    private readonly List<string?> asked = [];
    private ProblemResponse? refusal;

    public CloneDialogTests()
    {
        Server.Workspaces.AddRange([FakeServer.Workspace("demo", WorkspaceStatus.Running), FakeServer.Workspace("demo-copy", WorkspaceStatus.Stopped)]);
        Server.Answer = Answer;
        Feed.Start();
    }

    [Fact]
    public async Task A_free_name_is_suggested_and_its_page_follows()
    {
        var actions = await OpenAsync();
        Assert.Equal("demo-copy-2", actions.Find("#clone-ws_demo-name").GetAttribute("value"));

        await actions.Find("#clone-ws_demo form").SubmitAsync();

        Assert.Equal(["demo-copy-2"], asked);
        Assert.EndsWith("workspaces/demo-copy-2", Services.GetRequiredService<NavigationManager>().Uri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_shown_and_the_name_kept()
    {
        refusal = new ProblemResponse(null, "Taken", 409, "A workspace called 'demo-copy-2' exists already.", ProblemCodes.NameTaken, null);
        var actions = await OpenAsync();

        await actions.Find("#clone-ws_demo form").SubmitAsync();

        Assert.Equal("A workspace called 'demo-copy-2' exists already.", actions.Find("#clone-ws_demo [role=alert]").TextContent);
        Assert.Equal("demo-copy-2", actions.Find("#clone-ws_demo-name").GetAttribute("value"));
    }

    private async Task<IRenderedComponent<WorkspaceActions>> OpenAsync()
    {
        var actions = Render<WorkspaceActions>(p => p.Add(a => a.Workspace, Server.Workspaces[0]).Add(a => a.CanClone, true));
        actions.WaitForAssertion(() => Assert.NotNull(Feed.Find("demo-copy")));
        await actions.Find("[aria-label='Clone demo']").ClickAsync();
        return actions;
    }

    private HttpResponseMessage? Answer(HttpRequestMessage request)
    {
        if (request.RequestUri!.AbsolutePath != "/api/workspaces/ws_demo/clone")
        {
            return null;
        }

        using var body = request.Content!.ReadAsStream();
        var name = JsonSerializer.Deserialize(body, TidepoolJson.Default.CloneWorkspaceRequest)!.Name!;
        asked.Add(name);
        return refusal is null
            ? FakeServer.Json(JsonSerializer.Serialize(FakeServer.Workspace(name, WorkspaceStatus.Creating), TidepoolJson.Default.WorkspaceResponse), HttpStatusCode.Created)
            : FakeServer.Json(JsonSerializer.Serialize(refusal, TidepoolJson.Default.ProblemResponse), HttpStatusCode.Conflict, "application/problem+json");
    }
}
