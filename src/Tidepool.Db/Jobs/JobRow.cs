using Tidepool.Core.Jobs;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Jobs;

/// <summary>A job. It is held while it has a receipt; after a crash the receipt stays, and the next hand-out replaces it.</summary>
internal sealed class JobRow
{
    public long Id { get; set; }
    public Guid Workspace { get; set; }
    public DateTimeOffset VisibleAt { get; set; }
    public int Attempts { get; set; }
    public Guid? Receipt { get; set; }
}

/// <summary>A job that was handed out too often. Only the newest are kept.</summary>
internal sealed class DeadJobRow
{
    public const int Kept = 1000;

    public long Id { get; set; }
    public Guid Workspace { get; set; }
    public int Attempts { get; set; }
    public DateTimeOffset DiedAt { get; set; }

    public DeadJob ToDeadJob() => new(Id.ToString(), new Job(new WorkspaceId(Workspace)), Attempts, DiedAt);
}
