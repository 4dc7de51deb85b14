using System.Text.RegularExpressions;

namespace Tidepool.Host.Packages;

/// <summary>
/// Where Debian's packages come from on this machine. Nothing is assumed: it is what the machine's own apt uses, else what
/// its own Debian bootstrap tool was built with.
/// </summary>
internal static partial class DebianMirror
{
    private static readonly string[] BootstrapTools = ["/usr/bin/mmdebstrap", "/usr/sbin/debootstrap", "/usr/share/debootstrap/scripts/debian-common"];

    /// <summary>The URL that offers <paramref name="codename"/>; null if none is known.</summary>
    public static string? Find(IReadOnlyList<AptSource> sources, string codename) =>
        Environment.GetEnvironmentVariable("TIDEPOOL_DEBIAN_MIRROR") is { Length: > 0 } given ? given
        : InSources(sources, codename) ?? BootstrapTools.Where(File.Exists).Select(path => InTool(File.ReadAllText(path))).FirstOrDefault(url => url is not null);

    public static string? InSources(IReadOnlyList<AptSource> sources, string codename) =>
        sources.FirstOrDefault(s => s.Types.Contains("deb") && s.Components.Contains("main") && s.Suites.Contains(codename))?.Uris[0];

    public static string? InTool(string source) => DefaultMirror().Match(source) is { Success: true } found ? found.Groups[1].Value : null;

    [GeneratedRegex(@"mirror\w*\s*=\s*[""']?(https?://[^""'\s]+/debian)/?[""'\s]", RegexOptions.IgnoreCase)]
    private static partial Regex DefaultMirror();
}
