using CliWrap;
using CliWrap.Buffered;

namespace Tidepool.Host.Processes;

/// <summary>Runs one of the machine's own programs to its end.</summary>
public static class Tool
{
    private static readonly string[] SystemDirectories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <summary>Where a program is, also in directories outside a plain user's PATH.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(SystemDirectories)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);

    /// <summary>Its output and exit code; exit code 127 where there is no such program.</summary>
    public static async Task<ToolResult> RunAsync(string name, IEnumerable<string> arguments, CancellationToken cancellationToken, string? input = null)
    {
        if ((Path.IsPathRooted(name) ? name : Find(name)) is not { } path)
        {
            return new ToolResult(127, "", $"{name} is not installed.");
        }

        try
        {
            var result = await Cli.Wrap(path)
                .WithArguments(arguments)
                .WithEnvironmentVariables(environment => environment.Set("LC_ALL", "C.UTF-8"))
                .WithStandardInputPipe(input is null ? PipeSource.Null : PipeSource.FromString(input))
                .WithValidation(CommandResultValidation.None)
                .ExecuteBufferedAsync(cancellationToken);
            return new ToolResult(result.ExitCode, result.StandardOutput, result.StandardError);
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            return new ToolResult(127, "", fault.Message);
        }
    }
}

public sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    public string LastOutput => (Error.Length > 0 ? Error : Output).Trim().Split('\n')[^1];
}
