using System.Runtime.InteropServices;

namespace Tidepool.Cli.Processes;

/// <summary>Sends a signal to a process, unless it is another one by now.</summary>
internal static partial class Signals
{
    public const int Hangup = 1;
    public const int Kill = 9;
    public const int Terminate = 15;

    public static bool Send(ProcessIdentity process, int signal) => process.IsAlive && SendSignal(process.Pid, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int pid, int signal);
}
