namespace Tidepool.Core.State;

/// <summary>
/// Files for their owner alone, and files that the group of their directory may read as well: of the server or of Caddy, which are
/// users of their own.
/// </summary>
public static class PrivateFiles
{
    public const UnixFileMode File = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode GroupFile = File | UnixFileMode.GroupRead;
    private const UnixFileMode GroupFolder = GroupFile | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    /// <summary>A directory below one that has its group set passes that group on.</summary>
    public static void CreateGroupDirectory(string path) => Directory.CreateDirectory(path, GroupFolder);

    /// <summary>For the owner alone.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> bytes) => Replace(path, bytes, File);

    /// <summary>For the owner, and for the directory's group to read.</summary>
    public static void ReplaceForGroup(string path, ReadOnlySpan<byte> bytes) => Replace(path, bytes, GroupFile);

    /// <summary>Writes a file whole or not at all. What an earlier writer left half done is not written into: others may be able to read it.</summary>
    private static void Replace(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode)
    {
        var temporary = path + ".new";
        System.IO.File.Delete(temporary);
        using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = File, BufferSize = 0 }))
        {
            // Whatever the umask is.
            System.IO.File.SetUnixFileMode(file.SafeFileHandle, mode);
            file.Write(bytes);
        }

        System.IO.File.Move(temporary, path, overwrite: true);
    }
}
