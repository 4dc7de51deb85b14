using CliWrap;
using CliWrap.Buffered;

namespace Tidepool.Runtime.Host;

/// <summary>Runs one of the host's programs to its end, with its arguments as a list and a timeout.</summary>
internal static class HostTool
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);
    private static readonly string[] Places = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

    /// <summary>What it printed.</summary>
    /// <exception cref="ToolException">It failed, is not there, or came to no end.</exception>
    public static async Task<string> RunAsync(string tool, IReadOnlyList<string> arguments, CancellationToken cancellationToken, string input = "", TimeSpan? timeout = null)
    {
        var most = timeout ?? Timeout;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(most);
        try
        {
            return await ReadAsync(tool, Begin(tool, arguments, input, limit.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(tool, $"It came to no end within {most.TotalSeconds:0} seconds.");
        }
    }

    /// <summary>Runs a tool that copies much, for as long as it goes on reading or writing.</summary>
    /// <exception cref="ToolException">It failed, is not there, or did not move for two minutes.</exception>
    public static async Task CopyAsync(string tool, IReadOnlyList<string> arguments, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var command = Begin(tool, arguments, "", limit.Token);
        var end = ReadAsync(tool, command);
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
            await end;
        }
        catch (OperationCanceledException) when (stalls && !cancellationToken.IsCancellationRequested)
        {
            throw new ToolException(tool, $"It did not move for {Timeout.TotalSeconds:0} seconds.");
        }
    }

    /// <summary>Where it is installed; null if it is not. A full path is checked as it is.</summary>
    public static string? Find(string tool) =>
        Path.IsPathFullyQualified(tool) ? (File.Exists(tool) ? tool : null) : Places.Select(place => Path.Combine(place, tool)).FirstOrDefault(File.Exists);

    private static CommandTask<BufferedCommandResult> Begin(string tool, IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken)
    {
        var program = Find(tool) ?? throw new ToolException(tool, $"{tool} is not installed.");
        try
        {
            return Cli.Wrap(program)
                .WithArguments(arguments)
                .WithStandardInputPipe(PipeSource.FromString(input))
                .WithValidation(CommandResultValidation.None)
                .ExecuteBufferedAsync(cancellationToken);
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new ToolException(tool, fault.Message);
        }
    }

    private static async Task<string> ReadAsync(string tool, CommandTask<BufferedCommandResult> command)
    {
        try
        {
            var result = await command;
            return result.IsSuccess ? result.StandardOutput : throw new ToolException(tool, result.StandardError);
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new ToolException(tool, fault.Message);
        }
    }

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

/// <summary>A program that an adapter ran ended with an error; its own message. Never leaves the adapter.</summary>
internal sealed class ToolException(string tool, string output) : Exception(output.Trim())
{
    public string Tool { get; } = tool;
}
