using Tidepool.Host.Processes;

namespace Tidepool.Runtime.Qemu;

/// <summary>The processes that this runtime notes in its own directory: each machine's QEMU, and the resolver.</summary>
internal static class MachineProcess
{
    /// <summary>The process that a file names, if it still lives.</summary>
    /// <exception cref="IOException">The file system does not say whether there is such a file.</exception>
    public static ProcessIdentity? ReadAlive(string file)
    {
        try
        {
            return ProcessIdentity.Parse(File.ReadAllText(file)) is { IsAlive: true } process ? process : null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>What it was started with, each argument ended by a zero; empty where it is gone.</summary>
    public static string CommandLineOf(ProcessIdentity process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Pid}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
