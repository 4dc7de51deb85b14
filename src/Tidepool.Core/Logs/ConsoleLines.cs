using System.Text;

namespace Tidepool.Core.Logs;

/// <summary>Makes lines of what a guest writes, which may be anything.</summary>
internal static class ConsoleLines
{
    /// <summary>What does not end by itself is ended here.</summary>
    public const int MaxBytes = 2048;

    /// <summary>The lines that have ended, without empty ones, and the rest.</summary>
    public static (List<string> Lines, byte[] Open) Split(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<string>();
        while (true)
        {
            var end = bytes.IndexOf((byte)'\n');
            if (end < 0 && bytes.Length <= MaxBytes)
            {
                return (lines, bytes.ToArray());
            }

            var isCut = end is < 0 or > MaxBytes;
            var length = isCut ? CharacterStart(bytes, MaxBytes) : end;
            if (Text(bytes[..length]) is { Length: > 0 } line)
            {
                lines.Add(line);
            }

            bytes = bytes[(isCut ? length : length + 1)..];
        }
    }

    public static string Text(ReadOnlySpan<byte> line) => Encoding.UTF8.GetString(line).TrimEnd();

    /// <summary>The place before which no character is cut in two.</summary>
    private static int CharacterStart(ReadOnlySpan<byte> bytes, int at)
    {
        for (var begin = at; begin > at - 4; begin--)
        {
            if ((bytes[begin] & 0xC0) != 0x80)
            {
                return begin;
            }
        }

        return at;
    }
}
