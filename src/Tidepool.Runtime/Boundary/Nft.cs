using Tidepool.Core.Runtime;
using Tidepool.Host.Processes;

namespace Tidepool.Runtime.Boundary;

/// <summary>The program <c>nft</c>, which reads and changes the kernel's firewall.</summary>
internal static class Nft
{
    private const string Program = "nft";
    private const int Missing = 127;

    /// <summary>Carries out a script as one transaction: all of it or nothing.</summary>
    /// <exception cref="RuntimeException">It was refused.</exception>
    public static async Task RunAsync(string script, CancellationToken cancellationToken)
    {
        var result = await Tool.RunAsync(Program, ["-f", "-"], cancellationToken, script);
        if (!result.Succeeded)
        {
            throw Refused(result.Error);
        }
    }

    /// <summary>What a listing shows, without counters; null where there is no such thing.</summary>
    public static async Task<string?> ListAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var result = await Tool.RunAsync(Program, arguments, cancellationToken);
        return result.ExitCode == Missing ? throw Refused(result.Error) : result.Succeeded ? result.Output : null;
    }

    private static RuntimeException Refused(string why) => new(
        RuntimeFaults.BoundaryDown,
        $"The firewall around the workspaces could not be put up, so none is started: {why.Trim().Split('\n')[0]} It is tried again; `tidepool doctor` says more.",
        isTransient: true);
}
