using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tidepool.Core.Runtime;
using Tidepool.Runtime.Consoles;

namespace Tidepool.Runtime.Qemu;

/// <summary>What guests wrote. QEMU appends to a file for ever, so what was taken out of it gives its room on the disk back.</summary>
internal static partial class QemuConsoles
{
    private const long WorthIt = 1 << 20;
    private const int KeepSize = 1;
    private const int PunchHole = 2;

    public static ConsoleOutput Read(string path, string? position)
    {
        var output = ConsoleFile.Read(path, position);
        if (long.TryParse(output.Position, NumberStyles.None, CultureInfo.InvariantCulture, out var taken)
            && long.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out var before)
            && taken / WorthIt > before / WorthIt)
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

            // Where the file system cannot, the file stays as large as it is.
            _ = Allocate(file, PunchHole | KeepSize, 0, taken / WorthIt * WorthIt);
        }

        return output;
    }

    [LibraryImport("libc", EntryPoint = "fallocate64")]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);
}
