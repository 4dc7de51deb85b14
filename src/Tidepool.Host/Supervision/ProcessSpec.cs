namespace Tidepool.Host.Supervision;

/// <summary>One process to keep alive.</summary>
/// <param name="Name">Its name in pid files, logs and <c>status</c>.</param>
/// <param name="Program">What to run.</param>
/// <param name="Arguments">Nothing secret: everyone on the machine can read them.</param>
/// <param name="Environment">All of it: nothing is inherited.</param>
/// <param name="PidFile">Where its identity is recorded, for a later supervisor.</param>
/// <param name="LogFile">Where its output goes, straight from the process, so that it outlives the supervisor.</param>
/// <param name="IsReady">Whether it can be started yet.</param>
public sealed record ProcessSpec(
    string Name,
    string Program,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment,
    string PidFile,
    string LogFile,
    Func<bool>? IsReady = null)
{
    /// <summary>Shell commands that run in the process before it becomes the program, for limits and the like.</summary>
    public string Before { get; init; } = "";
}
