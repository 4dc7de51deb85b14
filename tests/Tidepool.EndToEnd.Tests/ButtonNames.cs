using System.Text.RegularExpressions;

namespace Tidepool.EndToEnd.Tests;

/// <summary>What the page's buttons are called, as far as tests depend on it.</summary>
internal static partial class ButtonNames
{
    [GeneratedRegex("new workspace|create.*workspace", RegexOptions.IgnoreCase)]
    public static partial Regex NewWorkspace();

    [GeneratedRegex("^create", RegexOptions.IgnoreCase)]
    public static partial Regex Create();

    [GeneratedRegex("^stop", RegexOptions.IgnoreCase)]
    public static partial Regex Stop();

    [GeneratedRegex("^start", RegexOptions.IgnoreCase)]
    public static partial Regex Start();

    [GeneratedRegex("^delete", RegexOptions.IgnoreCase)]
    public static partial Regex Delete();
}
