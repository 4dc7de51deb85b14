using CliWrap;
using CliWrap.Buffered;

namespace Tidepool.Runtime.Qemu;

/// <summary>Runs one of the host's programs to its end, with its arguments as a list and an end to patience.</summary>
internal static class HostTool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string[] Places = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

    /// <summary>What it printed.</summary>
    /// <exception cref="ToolException">It failed, is not there, or came to no end.</exception>
    public static async Task<string> RunAsync(string tool, IReadOnlyList<string> arguments, CancellationToken cancellationToken, string input = "", TimeSpan? patience = null)
    {
        var program = Find(tool) ?? throw new ToolException(tool, $"{tool} is not installed.");
        var most = patience ?? Patience;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(most);
        try
        {
            var result = await Cli.Wrap(program)
                .WithArguments(arguments)
                .WithStandardInputPipe(PipeSource.FromString(input))
                .WithValidation(CommandResultValidation.None)
                .ExecuteBufferedAsync(limit.Token);
            return result.IsSuccess ? result.StandardOutput : throw new ToolException(tool, result.StandardError);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(tool, $"It came to no end within {most.TotalSeconds:0} seconds.");
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new ToolException(tool, fault.Message);
        }
    }

    public static string? Find(string tool) =>
        Path.IsPathFullyQualified(tool) ? (File.Exists(tool) ? tool : null) : Places.Select(place => Path.Combine(place, tool)).FirstOrDefault(File.Exists);
}
