using System.ComponentModel;
using CliWrap;
using CliWrap.Buffered;

namespace Tidepool.Host.Processes;

/// <summary>Runs one of the machine's own programs to its end, with its arguments as a list. Its messages are in English.</summary>
public static class Tool
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);
    private static readonly string[] SystemDirectories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <summary>Where a program is installed, also in directories outside a plain user's PATH; null if it is not. A full path is checked as it is.</summary>
    public static string? Find(string name) =>
        Path.IsPathFullyQualified(name)
            ? (File.Exists(name) ? name : null)
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
                .Concat(SystemDirectories)
                .Select(directory => Path.Combine(directory, name))
                .FirstOrDefault(File.Exists);

    /// <summary>Its output and exit code, whatever that is; exit code 127 where there is no such program.</summary>
    public static async Task<ToolResult> RunAsync(string name, IEnumerable<string> arguments, CancellationToken cancellationToken, string input = "")
    {
        try
        {
            var result = await Begin(name, arguments, input, cancellationToken);
            return new ToolResult(result.ExitCode, result.StandardOutput, result.StandardError);
        }
        catch (Win32Exception fault)
        {
            return new ToolResult(127, "", fault.Message);
        }
    }

    /// <summary>What it printed.</summary>
    /// <exception cref="ToolException">It failed, is not there, or came to no end within <paramref name="timeout"/>: two minutes where none is given.</exception>
    public static async Task<string> ReadAsync(string name, IEnumerable<string> arguments, CancellationToken cancellationToken, string input = "", TimeSpan? timeout = null)
    {
        var most = timeout ?? Timeout;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(most);
        try
        {
            return (await RunAsync(name, arguments, limit.Token, input)).OutputOf(name);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(name, $"It came to no end within {most.TotalSeconds:0} seconds.");
        }
    }

    /// <summary>Runs a tool that copies much, for as long as it goes on reading or writing.</summary>
    /// <exception cref="ToolException">It failed, is not there, or did not move for two minutes.</exception>
    public static async Task CopyAsync(string name, IEnumerable<string> arguments, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CommandTask<BufferedCommandResult> command;
        try
        {
            command = Begin(name, arguments, "", limit.Token);
        }
        catch (Win32Exception fault)
        {
            throw new ToolException(name, fault.Message);
        }

        var end = command.Task;
        var before = Moved(command.ProcessId);
        var stalls = false;
        while (!stalls && await Task.WhenAny(end, Task.Delay(Timeout, time, cancellationToken)) != end)
        {
            var now = Moved(command.ProcessId);
            if (now == before)
            {
                stalls = true;
                await limit.CancelAsync();
            }

            before = now;
        }

        try
        {
            var result = await end;
            new ToolResult(result.ExitCode, result.StandardOutput, result.StandardError).OutputOf(name);
        }
        catch (OperationCanceledException) when (stalls && !cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(name, $"It did not move for {Timeout.TotalSeconds:0} seconds.");
        }
    }

    /// <exception cref="Win32Exception">There is no such program, or it cannot be started.</exception>
    private static CommandTask<BufferedCommandResult> Begin(string name, IEnumerable<string> arguments, string input, CancellationToken cancellationToken) =>
        Cli.Wrap(Find(name) ?? throw new Win32Exception($"{name} is not installed."))
            .WithArguments(arguments)
            .WithEnvironmentVariables(environment => environment.Set("LC_ALL", "C.UTF-8"))
            .WithStandardInputPipe(PipeSource.FromString(input))
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(cancellationToken);

    /// <summary>How much a process read and wrote so far, as the kernel prints it; null if it is gone.</summary>
    private static string? Moved(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/io");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>How a tool ended.</summary>
public sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    public string LastOutput => (Error.Length > 0 ? Error : Output).Trim().Split('\n')[^1];

    /// <exception cref="ToolException">It failed.</exception>
    internal string OutputOf(string name) => Succeeded ? Output : throw new ToolException(name, Error);
}

/// <summary>A tool ended with an error, or could not be run; its own message.</summary>
public sealed class ToolException(string tool, string output) : Exception(output.Trim())
{
    public string Tool { get; } = tool;
}
