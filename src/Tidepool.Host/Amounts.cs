using System.Globalization;

namespace Tidepool.Host;

/// <summary>Sizes and times as a person reads and writes them.</summary>
public static class Amounts
{
    public static string Bytes(long bytes) => bytes switch
    {
        >= 1L << 30 => FormattableString.Invariant($"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => FormattableString.Invariant($"{bytes / (double)(1L << 20):0} MiB"),
        _ => FormattableString.Invariant($"{bytes / 1024.0:0} KiB"),
    };

    public static string MiB(long mebibytes) => mebibytes % 1024 == 0 ? $"{mebibytes / 1024} GiB" : $"{mebibytes} MiB";

    /// <summary>A size in GiB, whatever it is, so that the sizes of a table can be compared.</summary>
    public static string GiB(long mebibytes) => mebibytes is > 0 and < 52 ? "<0.1 GiB" : FormattableString.Invariant($"{mebibytes / 1024.0:0.0} GiB");

    /// <summary>Reads a size above zero: <c>4G</c>, <c>4GiB</c>, <c>512M</c>, <c>512MiB</c>, or a plain number of MiB. Capitals do not matter.</summary>
    public static bool TryParseMiB(string text, out int mebibytes) => TryParse(text, plain: 1, out mebibytes);

    /// <summary>Reads a size above zero as <see cref="TryParseMiB"/> does, but a plain number is of GiB, and the size must be whole GiB.</summary>
    public static bool TryParseGiB(string text, out int gibibytes)
    {
        var isWhole = TryParse(text, plain: 1024, out var mebibytes) && mebibytes % 1024 == 0;
        gibibytes = mebibytes / 1024;
        return isWhole;
    }

    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 60 } => $"{(int)time.TotalSeconds} s",
        { TotalMinutes: < 60 } => $"{(int)time.TotalMinutes} min",
        { TotalHours: < 48 } => $"{(int)time.TotalHours} h {time.Minutes} min",
        _ => $"{(int)time.TotalDays} d",
    };

    private static bool TryParse(string text, int plain, out int mebibytes)
    {
        mebibytes = 0;
        var digits = text.TrimEnd([.. "GgMmIiBb"]);
        int? unit = text[digits.Length..].ToUpperInvariant() switch
        {
            "" => plain,
            "M" or "MIB" => 1,
            "G" or "GIB" => 1024,
            _ => null,
        };
        if (unit is null || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > int.MaxValue || number * unit > int.MaxValue)
        {
            return false;
        }

        mebibytes = (int)(number * unit.Value);
        return true;
    }
}
