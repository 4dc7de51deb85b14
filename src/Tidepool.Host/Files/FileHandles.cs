using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tidepool.Host.Files;

/// <summary>Opens what .NET opens in another way or not at all: directories, and files with flags of the kernel's own (open(2)).</summary>
internal static partial class FileHandles
{
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle Open(string path, int flags)
    {
        var handle = OpenFile(path, flags);
        if (!handle.IsInvalid)
        {
            return handle;
        }

        var reason = Marshal.GetLastPInvokeErrorMessage();
        handle.Dispose();
        throw new IOException($"{path} cannot be opened: {reason}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle OpenFile(string path, int flags);
}
