using System.Text.Json.Serialization;

namespace Tidepool.Contracts;

[JsonConverter(typeof(JsonStringEnumConverter<WorkspaceStatus>))]
public enum WorkspaceStatus
{
    [JsonStringEnumMemberName("creating")] Creating,
    [JsonStringEnumMemberName("starting")] Starting,
    [JsonStringEnumMemberName("running")] Running,
    [JsonStringEnumMemberName("stopping")] Stopping,
    [JsonStringEnumMemberName("stopped")] Stopped,
    [JsonStringEnumMemberName("deleting")] Deleting,
    [JsonStringEnumMemberName("error")] Error,
}

[JsonConverter(typeof(JsonStringEnumConverter<DesiredState>))]
public enum DesiredState
{
    [JsonStringEnumMemberName("running")] Running,
    [JsonStringEnumMemberName("stopped")] Stopped,
    [JsonStringEnumMemberName("deleted")] Deleted,
}

/// <summary>What separates a workspace from its host.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Isolation>))]
public enum Isolation
{
    [JsonStringEnumMemberName("virtual-machine")] VirtualMachine,
    [JsonStringEnumMemberName("emulated-machine")] EmulatedMachine,
    [JsonStringEnumMemberName("container")] Container,
}

/// <summary>A workspace as the API shows it. Times are UTC.</summary>
/// <param name="Id"><c>ws_</c> and 32 hexadecimal digits.</param>
/// <param name="Name">Unique among the workspaces that exist.</param>
/// <param name="Description">The user's own text.</param>
/// <param name="Image">The image template.</param>
/// <param name="Status">What was last seen.</param>
/// <param name="DesiredState">What is wanted.</param>
/// <param name="Cpus">Cores.</param>
/// <param name="MemoryMiB">Memory, in MiB.</param>
/// <param name="Isolation">Known once its machine was seen.</param>
/// <param name="Address">On the workspace bridge, while it has one.</param>
/// <param name="Url">Where its editor opens in a browser, while it is wanted running.</param>
/// <param name="Ports">Its registered ports.</param>
/// <param name="Error">Why it is in error.</param>
/// <param name="Progress">The step that an in-between status has come to.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="UpdatedAt">When it last changed.</param>
/// <param name="StartedAt">When it last became running.</param>
/// <param name="LastAccessedAt">When its user last used it.</param>
/// <param name="Version">Rises with every change of the workspace. Of two answers the one with the higher version is the newer, whatever the clocks say.</param>
public sealed record WorkspaceResponse(
    string Id,
    string Name,
    string? Description,
    string Image,
    WorkspaceStatus Status,
    DesiredState DesiredState,
    int Cpus,
    int MemoryMiB,
    Isolation? Isolation,
    string? Address,
    string? Url,
    IReadOnlyList<PortResponse> Ports,
    ErrorResponse? Error,
    ProgressResponse? Progress,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? LastAccessedAt,
    long Version = 0);

/// <summary>A registered port.</summary>
/// <param name="Port">Its number.</param>
/// <param name="Label">What its user calls it.</param>
/// <param name="Url">Where it opens in a browser.</param>
/// <param name="StripPrefix">Whether what listens there sees <c>/x</c> rather than <c>/workspace/NAME/port/N/x</c>.</param>
/// <param name="Answers">Whether something listens there, as far as was last seen.</param>
public sealed record PortResponse(int Port, string? Label, string? Url, bool StripPrefix, bool Answers);

/// <summary>A port to register. Only its number must be given.</summary>
public sealed record RegisterPortRequest(int? Port, string? Label = null, bool? StripPrefix = null);

public sealed record ErrorResponse(string Code, string Message);

public sealed record ProgressResponse(int Step, int Of, string Label);

/// <summary>A new workspace. Only the name must be given.</summary>
public sealed record CreateWorkspaceRequest(string? Name, string? Image = null, string? Description = null, int? Cpus = null, int? MemoryMiB = null);

/// <summary>The name for the copy of a workspace. Its size, its ports and its description are those of the source.</summary>
public sealed record CloneWorkspaceRequest(string? Name);

/// <summary>A page of a list; <see cref="NextCursor"/> is null on the last.</summary>
public sealed record PageResponse<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>One line of the audit trail.</summary>
/// <param name="Sequence">Rises.</param>
/// <param name="WorkspaceId">Whom it is about; may be gone by now.</param>
/// <param name="WorkspaceName">Its name at that time.</param>
/// <param name="Verb">create, start, stop, delete, clone, port-add, port-remove.</param>
/// <param name="Actor">user or system.</param>
/// <param name="Outcome">requested, succeeded or failed.</param>
/// <param name="Detail">A sentence for a person.</param>
/// <param name="DurationMs">How long it took, where it has ended.</param>
/// <param name="At">When, UTC.</param>
public sealed record ActivityResponse(
    long Sequence, string WorkspaceId, string WorkspaceName, string Verb, string Actor, string Outcome, string? Detail, double? DurationMs, DateTimeOffset At);

/// <summary>A line of a workspace's log.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Source">lifecycle or console.</param>
/// <param name="Message">From a console it is whatever the guest wrote: show it through <see cref="PlainText"/>.</param>
/// <param name="DurationMs">How long it took, where something ended.</param>
public sealed record LogLineResponse(DateTimeOffset At, string Source, string Message, double? DurationMs);

/// <summary>Some lines of a log, oldest first.</summary>
/// <param name="Lines">The lines.</param>
/// <param name="Position">With it, the next request gets what came since. It stays valid when files of the log are begun again or removed.</param>
public sealed record LogPageResponse(IReadOnlyList<LogLineResponse> Lines, string? Position)
{
    /// <summary>The header that carries the position, as the body is the log itself.</summary>
    public const string PositionHeader = "Log-Position";
}

public sealed record ImageResponse(string Name, string Hash, DateTimeOffset CreatedAt, long SizeBytes);

/// <summary>Whether each part is up. <see cref="Components"/> carries a detail only for signed-in clients.</summary>
public sealed record HealthResponse(string Status, IReadOnlyList<ComponentHealthResponse> Components);

public sealed record ComponentHealthResponse(string Component, bool Healthy, string? Detail);

/// <summary>The data of a <c>removed</c> event.</summary>
public sealed record RemovedEvent(string Id, string Name);

/// <summary>RFC 9457 problem details. Switch on <see cref="Code"/>, never on text.</summary>
/// <param name="Type">Where the problem is explained.</param>
/// <param name="Title">What it is.</param>
/// <param name="Status">The answer's status.</param>
/// <param name="Detail">What happened and what to do, for a person.</param>
/// <param name="Code">One of <see cref="ProblemCodes"/>.</param>
/// <param name="Errors">With <c>validation</c>: what is wrong, by field.</param>
/// <param name="Resource">With <c>capacity-exhausted</c>: memory, cpu or disk.</param>
/// <param name="Needed">With it: how much the workspace needs, in MiB or cores.</param>
/// <param name="Available">With it: how much is left.</param>
/// <param name="LeastRecentlyAccessed">With it: the running workspace to stop; null where stopping does not help.</param>
public sealed record ProblemResponse(
    string? Type,
    string? Title,
    int? Status,
    string? Detail,
    string? Code,
    IReadOnlyDictionary<string, string[]>? Errors,
    string? Resource = null,
    long? Needed = null,
    long? Available = null,
    LeastRecentlyAccessedResponse? LeastRecentlyAccessed = null);
