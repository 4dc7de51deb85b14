using System.Text;
using System.Text.RegularExpressions;

namespace Tidepool.Core.Logs;

/// <summary>Makes lines of what a guest writes, which may be anything.</summary>
internal static partial class ConsoleLines
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

    /// <summary>
    /// What of a line is worth its place in the log; empty if nothing is. Each entry has the log's own time, so the time that the editor
    /// puts before its lines, in another zone, is left out.
    /// </summary>
    public static string Text(ReadOnlySpan<byte> line)
    {
        var text = EditorTime().Replace(Encoding.UTF8.GetString(line), "").TrimEnd();
        return IsNoise(text) ? "" : text;
    }

    /// <summary>
    /// Whether a line reports a harmless fault: the editor's page asks for a module that open builds of VS Code do not have, and
    /// earlier images had nothing left to kill when they shut down.
    /// </summary>
    private static bool IsNoise(string text) =>
        (text.StartsWith("File not found: ", StringComparison.Ordinal) && text.Contains("/node_modules/vsda/", StringComparison.Ordinal))
        || (text.StartsWith("/usr/local/sbin/tidepool-shutdown: ", StringComparison.Ordinal) && text.EndsWith(" kill: No such process", StringComparison.Ordinal));

    /// <summary>code-server begins a line with [2026-11-27T04:36:59.240Z], VS Code with [04:37:05], with orders for colours around it.</summary>
    [GeneratedRegex(@"^(\x1b\[[0-9;]*m)*\[([0-9]{4}-[0-9]{2}-[0-9]{2}T)?[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?\](\x1b\[[0-9;]*m)* ?", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex EditorTime();

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
