using System.Globalization;
using System.Runtime.InteropServices;

namespace Tidepool.Core.Logs;

/// <summary>
/// How far a log was read: the number of a file, and a place in it. Files are never renamed, so a position outlives rotation; what
/// was removed since is skipped.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LogPosition(int Segment, long Offset)
{
    public static bool TryParse(string? text, out LogPosition position)
    {
        position = default;
        var parts = text?.Split('-');
        if (parts is not [var segment, var offset]
            || !int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || !long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var place))
        {
            return false;
        }

        position = new LogPosition(number, place);
        return true;
    }

    public override string ToString() => FormattableString.Invariant($"{Segment}-{Offset}");
}

/// <summary>Some lines of a log, oldest first, and where the next ones begin.</summary>
public sealed record LogPage(IReadOnlyList<LogEntry> Entries, LogPosition Position);
