using Tidepool.Core.Activities;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Activities;

/// <summary>One line of the audit trail. Nothing refers to its workspace, so it stays when that goes.</summary>
internal sealed class ActivityRow
{
    public long Sequence { get; set; }
    public Guid Workspace { get; set; }
    public string Name { get; set; } = "";
    public string Verb { get; set; } = "";
    public Actor Actor { get; set; }
    public ActivityOutcome Outcome { get; set; }
    public string? Detail { get; set; }
    public long? DurationTicks { get; set; }
    public DateTimeOffset At { get; set; }

    public static ActivityRow Of(Activity activity) => new()
    {
        Workspace = activity.Workspace.Value,
        Name = activity.Name.Value,
        Verb = activity.Verb,
        Actor = activity.Actor,
        Outcome = activity.Outcome,
        Detail = activity.Detail,
        DurationTicks = activity.Duration?.Ticks,
        At = activity.At,
    };

    public Activity ToActivity() => new(
        new WorkspaceId(Workspace),
        StoredText.Name(Name),
        Verb,
        Actor,
        Outcome,
        Detail,
        DurationTicks is { } ticks ? TimeSpan.FromTicks(ticks) : null,
        At)
    {
        Sequence = Sequence,
    };
}
