using System.Runtime.InteropServices;

namespace Tidepool.Host.Processes;

/// <summary>Sends a signal to a process, unless it is another one by now.</summary>
public static partial class Signals
{
    /// <summary>The number of SIGHUP.</summary>
    public const int Hangup = 1;

    /// <summary>The number of SIGKILL, which no process can ignore.</summary>
    public const int Kill = 9;

    /// <summary>The number of SIGTERM.</summary>
    public const int Terminate = 15;

    /// <summary>Sends it. False if the process has ended, or the kernel refuses.</summary>
    public static bool Send(ProcessIdentity process, int signal) => process.IsAlive && SendSignal(process.Pid, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int pid, int signal);
}
