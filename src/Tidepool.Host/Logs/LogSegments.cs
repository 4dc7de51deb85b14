using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tidepool.Core.Logs;
using Tidepool.Host.State;

namespace Tidepool.Host.Logs;

/// <summary>
/// One log as numbered files of JSON lines, 0640, in a directory of its own, 0750: the worker writes, the server reads. The highest number is written to; a full one is
/// followed by the next, and the oldest goes.
/// </summary>
internal sealed class LogSegments(string directory)
{
    public const int MaxBytes = 2 * 1024 * 1024;
    public const int Kept = 4;

    /// <summary>What one read of <see cref="ReadAfter"/> takes at most.</summary>
    private const int ReadBytes = 256 * 1024;
    private const string Prefix = "log-";
    private const string Suffix = ".jsonl";
    private const byte LineEnd = (byte)'\n';

    /// <summary>For the worker to write and the server to read. A directory below one that has its group set passes that group on.</summary>
    public static void CreateDirectory(string path) =>
        Directory.CreateDirectory(path, StateDirectory.PrivateDirectory | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);

    public void Append(IReadOnlyList<LogEntry> entries)
    {
        CreateDirectory(directory);
        var number = Numbers() is [.., var newest] ? newest : 1;
        var room = MaxBytes - Length(number);
        var lines = new ArrayBufferWriter<byte>();
        foreach (var entry in entries)
        {
            var line = JsonSerializer.SerializeToUtf8Bytes(entry, LogJson.Default.LogEntry);
            if (lines.WrittenCount + line.Length + 1 > room)
            {
                Write(number, lines.WrittenSpan);
                lines.ResetWrittenCount();
                room = MaxBytes;
                number++;
            }

            lines.Write(line);
            lines.Write([LineEnd]);
        }

        Write(number, lines.WrittenSpan);
        foreach (var old in Numbers().SkipLast(Kept))
        {
            File.Delete(PathOf(old));
        }
    }

    public LogPage ReadTail(int tail)
    {
        var numbers = Numbers();
        var found = new List<LogEntry>();
        LogPosition? end = null;
        for (var at = numbers.Count - 1; at >= 0 && found.Count < tail; at--)
        {
            var bytes = Read(numbers[at], 0, MaxBytes * 2);
            var whole = bytes.AsSpan(0, bytes.AsSpan().LastIndexOf(LineEnd) + 1);
            end ??= new LogPosition(numbers[at], whole.Length);
            while (whole.Length > 0 && found.Count < tail)
            {
                var begin = whole[..^1].LastIndexOf(LineEnd) + 1;
                if (Parse(whole[begin..^1]) is { } entry)
                {
                    found.Add(entry);
                }

                whole = whole[..begin];
            }
        }

        found.Reverse();
        return new LogPage(found, end ?? default);
    }

    public LogPage ReadAfter(LogPosition after)
    {
        var numbers = Numbers();
        if (numbers.Count == 0)
        {
            return new LogPage([], default);
        }

        if (!numbers.Contains(after.Segment) || Length(after.Segment) < after.Offset)
        {
            after = new LogPosition(numbers[0], 0);
        }

        while (true)
        {
            var bytes = Read(after.Segment, after.Offset, ReadBytes);
            var whole = bytes.AsSpan(0, bytes.AsSpan().LastIndexOf(LineEnd) + 1);
            if (whole.Length > 0)
            {
                return new LogPage(ParseAll(whole), after with { Offset = after.Offset + whole.Length });
            }

            // What is left of a full file is the line of a writer that was killed.
            var next = numbers.FirstOrDefault(number => number > after.Segment);
            if (next == 0)
            {
                return new LogPage([], after);
            }

            after = new LogPosition(next, 0);
        }
    }

    private static List<LogEntry> ParseAll(ReadOnlySpan<byte> lines)
    {
        var found = new List<LogEntry>();
        while (lines.Length > 0)
        {
            var end = lines.IndexOf(LineEnd);
            if (Parse(lines[..end]) is { } entry)
            {
                found.Add(entry);
            }

            lines = lines[(end + 1)..];
        }

        return found;
    }

    private static LogEntry? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return line.IsEmpty ? null : JsonSerializer.Deserialize(line, LogJson.Default.LogEntry);
        }
        catch (JsonException)
        {
            // The last line of a process that was killed while writing it.
            return null;
        }
    }

    private void Write(int number, ReadOnlySpan<byte> lines)
    {
        if (lines.IsEmpty)
        {
            return;
        }

        using var file = new FileStream(PathOf(number), new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = StateDirectory.GroupFile,
        });
        if (file.Length > 0)
        {
            // After a writer that was killed in the middle of a line, that line ends here.
            file.Seek(-1, SeekOrigin.End);
            if (file.ReadByte() != LineEnd)
            {
                file.Write([LineEnd]);
            }
        }

        file.Write(lines);
    }

    private byte[] Read(int number, long offset, int maxBytes)
    {
        try
        {
            using var file = new FileStream(PathOf(number), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Seek(offset, SeekOrigin.Begin);
            var bytes = new byte[Math.Clamp(file.Length - offset, 0, maxBytes)];
            return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            // It was removed between the listing and the reading.
            return [];
        }
    }

    private List<int> Numbers()
    {
        try
        {
            return
            [
                .. Directory.EnumerateFiles(directory, Prefix + "*" + Suffix)
                    .Select(path => Path.GetFileName(path)[Prefix.Length..^Suffix.Length])
                    .Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
                    .Where(number => number > 0)
                    .Order(),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private int Length(int number) => new FileInfo(PathOf(number)) is { Exists: true } file ? (int)Math.Min(file.Length, int.MaxValue) : 0;

    private string PathOf(int number) => Path.Combine(directory, FormattableString.Invariant($"{Prefix}{number:D6}{Suffix}"));
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LogEntry))]
[JsonSerializable(typeof(ConsoleBookmark))]
internal sealed partial class LogJson : JsonSerializerContext;
