using System.Diagnostics;
using Tidepool.Host.Processes;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Host.Supervision;

/// <summary>
/// Starts the supervisor as a process that outlives this one and this terminal, with its log for output. It keeps what is named here of
/// the environment of the user who ran `tidepool up`; the rest may hold secrets, and the supervisor runs for months.
/// </summary>
internal static class SupervisorProcess
{
    /// <summary>The environment variables that Tidepool itself reads, besides those of a runtime.</summary>
    private static readonly IReadOnlyList<string> Variables = ["TIDEPOOL_HOME", "TIDEPOOL_CACHE", "TIDEPOOL_CADDY", "TIDEPOOL_SERVER_DLL", "TIDEPOOL_WORKER_DLL"];

    public static Process Start(RuntimeCatalog runtimes, StateDirectory state, Programs programs)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", "(umask 077; : >>\"$0\"); exec setsid \"$@\" >>\"$0\" 2>&1 </dev/null", state.Log("supervisor"), Programs.Dotnet, programs.Cli, "supervise", "--state", state.Root },
            UseShellExecute = false,
        };
        start.Environment.Clear();
        foreach (var (name, value) in TidepoolProcesses.DotnetEnvironment(programs.Cli).Concat(VariablesNow(runtimes)))
        {
            start.Environment[name] = value;
        }

        SessionKeyring.Leave();
        return Process.Start(start) ?? throw new CommandException("The supervisor could not be started.");
    }

    public static IEnumerable<KeyValuePair<string, string>> VariablesNow(RuntimeCatalog runtimes) =>
        Variables.Concat(runtimes.All.SelectMany(runtime => runtime.EnvironmentVariables)).Select(name => KeyValuePair.Create(name, Environment.GetEnvironmentVariable(name) ?? "")).Where(pair => pair.Value.Length > 0);
}
