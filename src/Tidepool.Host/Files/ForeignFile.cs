using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tidepool.Host.Files;

/// <summary>
/// Opens what a less privileged user's process put into that user's own directory. The process may be compromised, and may put
/// a link, a pipe or another user's file there to redirect or to block the process that opens it. So only an entry that belongs to the
/// owner of the directory and has one name is opened, no link is followed, and opening never waits. On other systems than Linux the
/// directory's mode alone protects.
/// </summary>
public static class ForeignFile
{
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int PathOnly = 0x200000;

    /// <summary>The two architectures differ in this one.</summary>
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <summary>Opens a regular file to read.</summary>
    /// <exception cref="IOException">It is missing, is no regular file of the directory's owner with one name, or cannot be opened.</exception>
    public static FileStream OpenRead(string path) => OperatingSystem.IsLinux()
        ? new FileStream(OpenChecked(path, NonBlocking, FileKind.Regular), FileAccess.Read)
        : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>
    /// Opens a Unix socket without connecting. <c>/proc/self/fd/N</c> then is an address that leads to this socket, whatever happens to
    /// the path. Linux only.
    /// </summary>
    /// <exception cref="IOException">It is missing, is no socket of the directory's owner, or cannot be opened.</exception>
    public static SafeFileHandle OpenSocket(string path) => OpenChecked(path, PathOnly, FileKind.Socket);

    private static SafeFileHandle OpenChecked(string path, int flags, FileKind kind)
    {
        var handle = FileHandles.Open(path, flags | NoFollow | CloseOnExec);
        try
        {
            var entry = FileEntry.Of(handle);
            var owner = FileEntry.At(Path.GetDirectoryName(path)!).Owner;
            return entry.Kind == kind && entry.Owner == owner && entry.Links == 1
                ? handle
                : throw new IOException($"{path} is not opened: it has to be a {(kind == FileKind.Socket ? "socket" : "regular file")} of user {owner} with one name, and is {entry}.");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
