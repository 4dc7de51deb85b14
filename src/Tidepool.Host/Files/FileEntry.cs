using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tidepool.Host.Files;

/// <summary>What an entry of a file system is.</summary>
public enum FileKind
{
    /// <summary>A directory, a link, a pipe or a device.</summary>
    Other,

    /// <summary>A regular file.</summary>
    Regular,

    /// <summary>A Unix socket.</summary>
    Socket,
}

/// <summary>An entry of a file system, as the Linux kernel describes it (statx(2)).</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Owner">The user that it belongs to.</param>
/// <param name="Links">How many names it has.</param>
public sealed partial record FileEntry(FileKind Kind, uint Owner, uint Links)
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const int EmptyPath = 0x1000;
    private const uint BasicFields = 0x7ff;

    /// <summary>The entry at a path; of a link, the link itself.</summary>
    /// <exception cref="IOException">There is no entry, or this process may not read it.</exception>
    public static FileEntry At(string path) => Ask(CurrentDirectory, path, NoFollow);

    /// <summary>The entry that is open.</summary>
    /// <exception cref="IOException">The kernel cannot say.</exception>
    public static FileEntry Of(SafeFileHandle handle)
    {
        var entry = Ask(handle.DangerousGetHandle().ToInt32(), "", EmptyPath);
        GC.KeepAlive(handle);
        return entry;
    }

    private static FileEntry Ask(int directory, string path, int flags)
    {
        // struct statx is the same on all architectures: 32 bits of links at 16, 32 of the user at 20, 16 of the mode at 28.
        var answer = new byte[256];
        if (Statx(directory, path, flags, BasicFields, answer) != 0)
        {
            throw new IOException($"The kernel does not describe '{path}': {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var kind = (BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(28)) & 0xf000) switch
        {
            0x8000 => FileKind.Regular,
            0xc000 => FileKind.Socket,
            _ => FileKind.Other,
        };
        return new FileEntry(kind, BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(20)), BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(16)));
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int directory, string path, int flags, uint mask, [Out] byte[] answer);
}
