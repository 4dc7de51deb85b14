using CliWrap;
using Microsoft.Extensions.Logging;
using Tidepool.Host.Processes;

namespace Tidepool.Runtime.Incus;

/// <summary>
/// The host's end of a machine that does not run. Incus removes it with the machine's end; when Incus died while it made them, or
/// failed halfway, it stays, and as its name is given every later start would find it taken.
/// </summary>
internal sealed partial class LeftoverLink(ILogger<LeftoverLink> logger)
{
    private const string Interfaces = "/sys/class/net";

    /// <summary>Call it only while the machine is stopped and not being started. Failing is harmless: the start then says what is wrong.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Path.Combine(Interfaces, name)) || Tool.Find("ip") is not { } program)
        {
            return;
        }

        var result = await Cli.Wrap(program).WithArguments(["link", "delete", name]).WithValidation(CommandResultValidation.None).ExecuteAsync(cancellationToken);
        LogRemoved(name, result.ExitCode);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The link {Link} was left over from a start that was cut off; removing it ended with {ExitCode}.")]
    private partial void LogRemoved(string link, int exitCode);
}
