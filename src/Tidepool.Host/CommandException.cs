namespace Tidepool.Host;

/// <summary>What a command ends with when it cannot do its work: a message for a person, never a stack trace.</summary>
public sealed class CommandException(string message, int exitCode = ExitCodes.Failed) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public static CommandException NotRunning() => new("Tidepool is not running; start it with `tidepool up`.", ExitCodes.NotRunning);
}

/// <summary>The command line's exit codes, for scripts.</summary>
public static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NotRunning = 3;
}
