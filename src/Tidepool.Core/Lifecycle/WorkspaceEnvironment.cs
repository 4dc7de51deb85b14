using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Lifecycle;

/// <summary>The environment that a workspace is given. Nothing secret.</summary>
internal static class WorkspaceEnvironment
{
    public static IReadOnlyDictionary<string, string> Of(Workspace workspace) => new Dictionary<string, string>
    {
        ["TIDEPOOL_WORKSPACE_NAME"] = workspace.Name.Value,
        ["VSCODE_PROXY_URI"] = "./port/{{port}}/",
    };
}
