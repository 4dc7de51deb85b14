using CliWrap;
using CliWrap.Buffered;
using Tidepool.Core.Runtime;
using Tidepool.Runtime.Host;

namespace Tidepool.Runtime.Boundary;

/// <summary>The program <c>nft</c>, which reads and changes the kernel's firewall.</summary>
internal static class Nft
{
    /// <summary>Carries out a script as one transaction: all of it or nothing.</summary>
    /// <exception cref="RuntimeException">It was refused.</exception>
    public static async Task RunAsync(string script, CancellationToken cancellationToken)
    {
        var result = await ExecuteAsync(["-f", "-"], script, cancellationToken);
        if (!result.IsSuccess)
        {
            throw Refused(result.StandardError);
        }
    }

    /// <summary>What a listing shows, without counters; null where there is no such thing.</summary>
    public static async Task<string?> ListAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var result = await ExecuteAsync(arguments, "", cancellationToken);
        return result.IsSuccess ? result.StandardOutput : null;
    }

    private static async Task<BufferedCommandResult> ExecuteAsync(IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken)
    {
        var program = HostTool.Find("nft") ?? throw Refused("nft is not installed; `tidepool up` installs it.");
        try
        {
            return await Cli.Wrap(program)
                .WithArguments(arguments)
                .WithStandardInputPipe(PipeSource.FromString(input))
                .WithValidation(CommandResultValidation.None)
                .ExecuteBufferedAsync(cancellationToken);
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw Refused(fault.Message, fault);
        }
    }

    private static RuntimeException Refused(string why, Exception? inner = null) => new(
        RuntimeFaults.BoundaryDown,
        $"The firewall around the workspaces could not be put up, so none is started: {why.Trim().Split('\n')[0]} It is tried again; `tidepool doctor` says more.",
        isTransient: true,
        inner);
}
