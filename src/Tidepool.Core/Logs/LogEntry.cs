namespace Tidepool.Core.Logs;

/// <summary>A line of a workspace's log.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="Source">One of <see cref="LogSources"/>.</param>
/// <param name="Message">One line. What comes from a console is the guest's own output, control characters included: not to be trusted.</param>
/// <param name="DurationMs">How long it took, where something ended.</param>
public sealed record LogEntry(DateTimeOffset At, string Source, string Message, double? DurationMs = null);

public static class LogSources
{
    /// <summary>What Tidepool did.</summary>
    public const string Lifecycle = "lifecycle";

    /// <summary>What the guest wrote to its console.</summary>
    public const string Console = "console";
}
