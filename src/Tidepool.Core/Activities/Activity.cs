using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Activities;

/// <summary>The actor of an activity.</summary>
public enum Actor
{
    User,
    System,
}

public enum ActivityOutcome
{
    Requested,
    Succeeded,
    Failed,
}

/// <summary>One line of the audit trail. It outlives its workspace.</summary>
/// <param name="Workspace">Whom it is about.</param>
/// <param name="Name">The workspace's name at that time.</param>
/// <param name="Verb">The lifecycle's verb: create, start, stop, delete, clone, port-add, port-remove.</param>
/// <param name="Actor">Who wanted it.</param>
/// <param name="Outcome">How far it came.</param>
/// <param name="Detail">A sentence for a person; no secret.</param>
/// <param name="Duration">How long it took, where it has ended.</param>
/// <param name="At">When, UTC.</param>
public sealed record Activity(
    WorkspaceId Workspace,
    WorkspaceName Name,
    string Verb,
    Actor Actor,
    ActivityOutcome Outcome,
    string? Detail,
    TimeSpan? Duration,
    DateTimeOffset At)
{
    /// <summary>Given by the store; rises.</summary>
    public long Sequence { get; init; }
}

/// <summary>The lifecycle's verbs, the same in HTTP, CLI, activity and log.</summary>
public static class Verbs
{
    public const string Create = "create";
    public const string Start = "start";
    public const string Stop = "stop";
    public const string Delete = "delete";
    public const string Clone = "clone";
    public const string AddPort = "port-add";
    public const string RemovePort = "port-remove";
}
