using System.Text.Json;
using Tidepool.Contracts;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Workspaces;

namespace Tidepool.Server.Tests.Workspaces;

public sealed class WorkspaceMappingTests
{
    private static readonly Workspace Creating = WorkspaceIntents.Create(
        WorkspaceId.New(TimeProvider.System), WorkspaceName.Parse("demo"), "default", 2, 4096, new LifecycleOptions(), TimeProvider.System.GetUtcNow());

    [Fact]
    public void A_step_goes_to_the_client_as_its_number_how_many_there_are_and_its_label()
    {
        var json = Serialize(Creating with { Progress = ProgressStep.Connecting });
        Assert.Equal("""{"step":3,"of":4,"label":"Connecting to the network"}""", json.GetProperty("progress").GetRawText());
    }

    [Fact]
    public void A_workspace_that_is_at_no_step_has_no_progress() =>
        Assert.False(Serialize(Creating).TryGetProperty("progress", out var progress) && progress.ValueKind != JsonValueKind.Null);

    private static JsonElement Serialize(Workspace workspace) =>
        JsonSerializer.SerializeToElement(workspace.ToResponse("http://localhost"), TidepoolJson.Default.WorkspaceResponse);
}
