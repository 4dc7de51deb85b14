using System.Text;

namespace Tidepool.Host.Files;

/// <summary>Files whose loss would cost a user data: writes that survive a power cut, and an existence check that never guesses.</summary>
public static class DurableFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Whether a file, a directory or a link is there.</summary>
    /// <exception cref="IOException">The file system did not say, for example because of a disk error.</exception>
    /// <exception cref="UnauthorizedAccessException">The file system did not say, for want of a right.</exception>
    public static bool Exists(string path)
    {
        try
        {
            // Unlike File.Exists, this distinguishes "no such file" from every other error.
            _ = File.GetAttributes(path);
            return true;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>The text of a file; null if the file is surely not there.</summary>
    public static string? FindText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Writes a file whole. After a power cut it has its old content or its new content, and once this returns, the new one.</summary>
    /// <param name="path">The file's.</param>
    /// <param name="text">All of its content.</param>
    /// <param name="mode">Its permissions, whatever the umask is; without it the owner's alone.</param>
    public static void Write(string path, string text, UnixFileMode mode = OwnerOnly) => Write(path, Encoding.UTF8.GetBytes(text), mode);

    /// <inheritdoc cref="Write(string, string, UnixFileMode)"/>
    public static void Write(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode = OwnerOnly)
    {
        Replace(path, bytes, mode, flush: true);
        Sync(Path.GetDirectoryName(path)!);
    }

    /// <summary>Writes a file whole or not at all, for what costs nothing to lose in a power cut.</summary>
    public static void WriteUnsynced(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode = OwnerOnly) => Replace(path, bytes, mode, flush: false);

    private static void Replace(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode, bool flush)
    {
        var temporary = path + ".new";

        // What an earlier writer left half done is not written into: others may be able to read it.
        File.Delete(temporary);
        using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly, BufferSize = 0 }))
        {
            File.SetUnixFileMode(file.SafeFileHandle, mode);
            file.Write(bytes);
            file.Flush(flush);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Returns once the content of a file, or the names in a directory, survive a power cut.</summary>
    public static void Sync(string path)
    {
        using var file = FileHandles.Open(path, 0);
        RandomAccess.FlushToDisk(file);
    }
}
