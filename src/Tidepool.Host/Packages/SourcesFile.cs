using System.Text;

namespace Tidepool.Host.Packages;

/// <summary>Writes apt sources of our own, which only our own calls of apt read. The machine's stay as they are.</summary>
internal static class SourcesFile
{
    private static readonly string[] Keyrings = ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];

    /// <summary>What the machine offers of its release, and its backports from the same mirror.</summary>
    public static string ForRelease(IReadOnlyList<AptSource> machine, string mirror, string codename)
    {
        var own = machine.Where(s => s.Types.Contains("deb") && s.Components.Contains("main") && s.Suites.Any(suite => suite == codename || suite.StartsWith(codename + "-", StringComparison.Ordinal))).ToList();
        var text = new StringBuilder();
        foreach (var source in own)
        {
            Append(text, string.Join(' ', source.Uris), string.Join(' ', source.Suites), source.SignedBy);
        }

        if (own.Count == 0)
        {
            Append(text, mirror, codename, null);
        }

        if (!own.SelectMany(s => s.Suites).Contains(codename + "-backports"))
        {
            Append(text, mirror, codename + "-backports", Signature(own, codename));
        }

        return text.ToString();
    }

    /// <summary>One suite alone.</summary>
    public static string ForSuite(IReadOnlyList<AptSource> machine, string mirror, string suite)
    {
        var text = new StringBuilder();
        Append(text, mirror, suite, Signature(machine.Where(s => s.Uris.Contains(mirror)), null));
        return text.ToString();
    }

    private static string? Signature(IEnumerable<AptSource> sources, string? codename) =>
        sources.FirstOrDefault(s => s.SignedBy is not null && (codename is null || s.Suites.Contains(codename)))?.SignedBy;

    private static void Append(StringBuilder text, string uris, string suites, string? signedBy)
    {
        text.Append("Types: deb\nURIs: ").Append(uris).Append("\nSuites: ").Append(suites).Append("\nComponents: main\n");
        if ((signedBy ?? Array.Find(Keyrings, File.Exists)) is { } key)
        {
            // A key that stands in the file itself goes on in indented lines.
            text.Append("Signed-By: ").Append(key.Replace("\n", "\n ")).Append('\n');
        }

        text.Append('\n');
    }
}
