using System.Diagnostics.CodeAnalysis;

namespace Tidepool.Core.Workspaces;

/// <summary>
/// The name of a workspace's machine in the runtime. Made of the workspace's id alone, so a new workspace
/// under an old name is never taken for the one before it.
/// </summary>
public readonly record struct InstanceName
{
    private const string Prefix = "ws-";

    private InstanceName(WorkspaceId workspace) => Workspace = workspace;

    public WorkspaceId Workspace { get; }

    public static InstanceName Of(WorkspaceId workspace) => new(workspace);

    public static bool TryParse([NotNullWhen(true)] string? text, out InstanceName name)
    {
        if (text is not null && text.StartsWith(Prefix, StringComparison.Ordinal) && Guid.TryParseExact(text[Prefix.Length..], "N", out var id))
        {
            name = new InstanceName(new WorkspaceId(id));
            return true;
        }

        name = default;
        return false;
    }

    public override string ToString() => Prefix + Workspace.Value.ToString("N");
}
