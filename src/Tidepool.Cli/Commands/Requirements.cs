using Tidepool.Host;

namespace Tidepool.Cli.Commands;

/// <summary>What must be so before a command that changes the host begins.</summary>
internal static class Requirements
{
    public static void Root()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new CommandException("Tidepool runs on Linux. Run it on a Linux machine, or in a Linux virtual machine.");
        }

        if (!string.Equals(Environment.UserName, "root", StringComparison.Ordinal))
        {
            throw new CommandException($"You are {Environment.UserName}. Tidepool needs root to make bridges and machines: run `sudo ./tidepool …`. Its state is then root's, below /root unless you give --state.");
        }
    }
}
