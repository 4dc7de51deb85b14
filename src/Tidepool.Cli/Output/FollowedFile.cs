using System.Text;

namespace Tidepool.Cli.Output;

/// <summary>A log that is appended to, and now and then emptied. Begins with what comes after it was made.</summary>
internal sealed class FollowedFile(string path)
{
    private const int ReadBytes = 256 * 1024;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);
    private readonly StringBuilder open = new();
    private long position = new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    /// <summary>Passes on each line as it ends, until cancelled.</summary>
    public async Task FollowAsync(Action<string> tell, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            while (Read() is { Length: > 0 } text)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var lines = open.Append(text).ToString().Split('\n');
                open.Clear().Append(lines[^1]);
                foreach (var line in lines[..^1])
                {
                    tell(line);
                }
            }

            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    private string Read()
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            position = file.Length < position ? 0 : position;
            file.Seek(position, SeekOrigin.Begin);
            var bytes = new byte[Math.Min(ReadBytes, file.Length - position)];
            var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            position += read;
            return Encoding.UTF8.GetString(bytes, 0, read);
        }
        catch (IOException)
        {
            // Not there yet.
            return "";
        }
    }
}
