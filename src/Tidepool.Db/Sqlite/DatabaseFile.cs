namespace Tidepool.Db.Sqlite;

/// <summary>
/// The database's file, for its owner only; or where the directory passes its group on, for that group as well. SQLite gives the
/// files that it makes beside it the same owner, group and mode.
/// </summary>
internal static class DatabaseFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerAndGroup = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private static readonly Lock Making = new();

    /// <summary>Makes it, empty and for its owner only, where there is none.</summary>
    public static void Ensure(string path)
    {
        // A file that SQLite may have open is never opened here: closing it would drop all locks this process has on it.
        lock (Making)
        {
            if (!File.Exists(path))
            {
                Make(path);
            }
        }
    }

    /// <summary>
    /// Gives it and the files beside it their modes. For the group this comes after the switch to the write-ahead log: what SQLite does
    /// until then goes through a journal that only its owner may read or write.
    /// </summary>
    public static void SetModes(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var mode = IsShared(path) ? OwnerAndGroup : OwnerOnly;
        foreach (var file in (string[])[path, path + "-wal", path + "-shm"])
        {
            // A user who is only a member of the file's group cannot set the mode, and need not.
            if (File.Exists(file) && File.GetUnixFileMode(file) != mode)
            {
                File.SetUnixFileMode(file, mode);
            }
        }
    }

    /// <summary>
    /// Whether a second user works with the database. That one makes no file in the directory: what it could make there root would
    /// open, and it could be a link to anything.
    /// </summary>
    public static bool IsShared(string path) =>
        !OperatingSystem.IsWindows() && Path.GetDirectoryName(path) is { Length: > 0 } folder && Directory.Exists(folder) && File.GetUnixFileMode(folder).HasFlag(UnixFileMode.SetGroup);

    public static bool IsOpenToGroup(string path) =>
        !OperatingSystem.IsWindows() && File.GetUnixFileMode(path).HasFlag(UnixFileMode.GroupWrite);

    private static void Make(string path)
    {
        var privately = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            privately.UnixCreateMode = OwnerOnly;
        }

        try
        {
            new FileStream(path, privately).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first, and made the same.
        }
    }
}
