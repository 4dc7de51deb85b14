namespace Tidepool.Db.Sqlite;

/// <summary>The database's file, for its owner only. SQLite gives the files that it makes beside it the same mode.</summary>
internal static class DatabaseFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly Lock Making = new();

    public static void EnsurePrivate(string path)
    {
        // A file that SQLite may have open is never opened here: closing it would drop all locks this process has on it.
        lock (Making)
        {
            if (!File.Exists(path))
            {
                Make(path);
            }
        }

        if (OperatingSystem.IsWindows())
        {
            return;
        }

        foreach (var file in (string[])[path, path + "-wal", path + "-shm"])
        {
            if (File.Exists(file))
            {
                File.SetUnixFileMode(file, OwnerOnly);
            }
        }
    }

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
