using System.Globalization;
using Tidepool.Host.State;

namespace Tidepool.Host.Supervision;

/// <summary>
/// Keeps logs from growing: copies the end of a log that is too long aside, and empties it. Its process goes on appending to
/// the same file, without a signal. What it writes between the copy and the emptying is lost.
/// </summary>
internal static class LogRotation
{
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>How many older ones there are besides: <c>.1</c> is the newest.</summary>
    public const int Kept = 3;

    /// <summary>How often to check. Between two checks a process may write without limit.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public static void Rotate(string path, int maxBytes = MaxBytes)
    {
        try
        {
            if (new FileInfo(path) is not { Exists: true } file || file.Length <= maxBytes)
            {
                return;
            }

            for (var number = Kept - 1; number > 0; number--)
            {
                if (File.Exists(Older(path, number)))
                {
                    File.Move(Older(path, number), Older(path, number + 1), overwrite: true);
                }
            }

            using var log = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            CopyEnd(log, Older(path, 1), maxBytes);
            log.SetLength(0);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A full disk: the next round tries again.
        }
    }

    private static void CopyEnd(FileStream log, string target, int maxBytes)
    {
        File.Delete(target);
        using var copy = new FileStream(target, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = StateDirectory.PrivateFile });
        log.Seek(Math.Max(0, log.Length - maxBytes), SeekOrigin.Begin);
        var buffer = new byte[64 * 1024];
        for (var left = maxBytes; left > 0 && log.Read(buffer, 0, Math.Min(buffer.Length, left)) is > 0 and var read; left -= read)
        {
            copy.Write(buffer, 0, read);
        }
    }

    private static string Older(string path, int number) => path + "." + number.ToString(CultureInfo.InvariantCulture);
}
