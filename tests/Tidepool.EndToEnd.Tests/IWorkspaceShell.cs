using Tidepool.Testing.Guests;

namespace Tidepool.EndToEnd.Tests;

/// <summary>Runs commands inside a workspace as its root. Only tests have such a way in.</summary>
internal interface IWorkspaceShell : IDisposable
{
    /// <summary>Runs a shell command to its end.</summary>
    Task<GuestResult> RunAsync(string command);

    /// <summary>Writes a file, owned by root.</summary>
    Task WriteAsync(string path, string text);

    /// <summary>Begins a shell command and does not wait for it; it ends with its workspace at the latest.</summary>
    Task StartAsync(string command);

    static string Detached(string command) => $"setsid sh -c '{command.Replace("'", @"'\''", StringComparison.Ordinal)}' >/dev/null 2>&1 </dev/null &";
}
