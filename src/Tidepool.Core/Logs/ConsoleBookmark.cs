namespace Tidepool.Core.Logs;

/// <summary>How far a console was read, as it is kept beside its log for a worker that comes later.</summary>
/// <param name="Instance">The machine whose console it is.</param>
/// <param name="Position">What the runtime said.</param>
/// <param name="Rest">A line that has not ended yet.</param>
internal sealed record ConsoleBookmark(string Instance, string? Position, byte[] Rest);
