using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Workspaces;

/// <summary>What is left of a workspace that is gone, for those who follow changes. Only the newest are kept.</summary>
internal sealed class RemovalRow
{
    public const int Kept = 1000;

    public long Revision { get; set; }
    public Guid Workspace { get; set; }
    public string Name { get; set; } = "";

    public Removal ToRemoval() => new(new WorkspaceId(Workspace), StoredText.Name(Name), Revision);
}
