namespace Tidepool.Core.State;

/// <summary>What nobody but the owner may read.</summary>
public static class PrivateFiles
{
    public const UnixFileMode File = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Folder = File | UnixFileMode.UserExecute;

    public static void CreateDirectory(string path) => Directory.CreateDirectory(path, Folder);

    /// <summary>Writes a file whole or not at all. What an earlier writer left half done is not written into: others may be able to read it.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        var temporary = path + ".new";
        System.IO.File.Delete(temporary);
        using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = File, BufferSize = 0 }))
        {
            file.Write(bytes);
        }

        System.IO.File.Move(temporary, path, overwrite: true);
    }
}
