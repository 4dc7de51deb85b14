using System.Globalization;
using System.Text.RegularExpressions;

namespace Tidepool.Host.Packages;

/// <summary>The leading numbers of a version, which is all that our requirements compare.</summary>
internal static partial class PackageVersion
{
    public static Version? Parse(string? text) =>
        text is not null && Numbers().Match(text) is { Success: true } found
            ? new Version(Number(found.Groups[1].Value), Number(found.Groups[2].Value))
            : null;

    public static bool IsAtLeast(string? text, Version needed) => Parse(text) is { } version && version >= needed;

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    // An epoch, as in 1:4.5.1, is no part of it.
    [GeneratedRegex(@"^\s*(?:\d+:)?[a-z]*\s*(\d{1,6})\.(\d{1,6})", RegexOptions.IgnoreCase)]
    private static partial Regex Numbers();
}
