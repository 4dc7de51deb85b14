using System.Runtime.InteropServices;

namespace Tidepool.Host.Processes;

/// <summary>
/// The kernel's keys that come with a login, such as Kerberos tickets and disk passwords. A process inherits them from its
/// parent, whatever user it becomes (session-keyring(7)).
/// </summary>
public static partial class SessionKeyring
{
    private const nint JoinNew = 1;
    private static readonly nint Call = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 219 : 250;

    /// <summary>
    /// Gives the calling thread a keyring that is new and empty. Call it right before a process is started on the same thread, which
    /// then inherits that one. Where a kernel has no keys, or forbids the call, the new process reads none either.
    /// </summary>
    public static void Leave()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = KeyControl(Call, JoinNew, 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint KeyControl(nint number, nint operation, nint name);
}
