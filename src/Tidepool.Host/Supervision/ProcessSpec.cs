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

    /// <summary>What every process has in its environment, and more.</summary>
    public static Dictionary<string, string> PlainEnvironment(params (string Name, string Value)[] own)
    {
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["HOME"] = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile),
            ["LANG"] = "C.UTF-8",
        };
        foreach (var (name, value) in own)
        {
            environment[name] = value;
        }

        return environment;
    }

    /// <summary>A path as one word of a shell command.</summary>
    public static string Quoted(string path) => "'" + path.Replace("'", @"'\''") + "'";
}
