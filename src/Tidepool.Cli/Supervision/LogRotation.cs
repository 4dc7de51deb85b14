namespace Tidepool.Cli.Supervision;

/// <summary>
/// Keeps logs from growing: one that is too long is copied aside and emptied. Its process goes on appending to the same file
/// and need not be told.
/// </summary>
internal static class LogRotation
{
    public const long MaxBytes = 8 * 1024 * 1024;

    public static void Rotate(string path, long maxBytes = MaxBytes)
    {
        try
        {
            if (new FileInfo(path) is not { Exists: true } file || file.Length <= maxBytes)
            {
                return;
            }

            File.Copy(path, path + ".1", overwrite: true);
            using var emptied = new FileStream(path, FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A full disk: the next round tries again.
        }
    }
}
