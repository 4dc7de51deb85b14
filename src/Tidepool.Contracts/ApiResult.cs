namespace Tidepool.Contracts;

/// <summary>What a call came to: a value, or the problem that the server named.</summary>
/// <param name="Value">The answer; null when there was a problem, or when the answer has no body.</param>
/// <param name="Problem">Why not; null on success.</param>
public sealed record ApiResult<T>(T? Value, ProblemResponse? Problem)
    where T : class
{
    public bool Succeeded => Problem is null;
}

/// <summary>An event of the stream: one of the two is set, or neither at a heartbeat and at an event that cannot be read. <see cref="Id"/> is where to resume.</summary>
public sealed record WorkspaceEvent(string? Id, WorkspaceResponse? Changed, RemovedEvent? Removed);
