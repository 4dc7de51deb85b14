namespace Tidepool.Host.Packages;

/// <summary>One entry of apt's sources, in either of their two notations.</summary>
internal sealed record AptSource(IReadOnlyList<string> Types, IReadOnlyList<string> Uris, IReadOnlyList<string> Suites, IReadOnlyList<string> Components, string? SignedBy)
{
    /// <summary>Reads the machine's own sources below <paramref name="directory"/>, usually <c>/etc/apt</c>.</summary>
    public static IReadOnlyList<AptSource> ReadAll(string directory)
    {
        var parts = Path.Combine(directory, "sources.list.d");
        var files = new[] { Path.Combine(directory, "sources.list") }.Where(File.Exists)
            .Concat(Directory.Exists(parts) ? Directory.EnumerateFiles(parts).Order(StringComparer.Ordinal) : []);
        return [.. files.SelectMany(file => Path.GetExtension(file) switch
        {
            ".list" => ParseList(File.ReadAllText(file)),
            ".sources" => ParseStanzas(File.ReadAllText(file)),
            _ => [],
        })];
    }

    /// <summary>One line an entry: <c>deb [signed-by=KEY] URI SUITE COMPONENT…</c></summary>
    public static IEnumerable<AptSource> ParseList(string text)
    {
        foreach (var line in text.Split('\n').Select(l => l.Split('#')[0].Trim()).Where(l => l.Length > 0))
        {
            var rest = line;
            string? signedBy = null;
            if (rest.IndexOf('[', StringComparison.Ordinal) is > 0 and var open && rest.IndexOf(']', StringComparison.Ordinal) is > 0 and var close && close > open)
            {
                signedBy = Words(rest[(open + 1)..close]).FirstOrDefault(o => o.StartsWith("signed-by=", StringComparison.OrdinalIgnoreCase))?["signed-by=".Length..];
                rest = rest[..open] + rest[(close + 1)..];
            }

            var words = Words(rest);
            if (words.Count >= 3)
            {
                yield return new AptSource([words[0]], [words[1]], [words[2]], [.. words.Skip(3)], signedBy);
            }
        }
    }

    /// <summary>Stanzas of <c>Field: value</c>, with values that may go on in indented lines.</summary>
    public static IEnumerable<AptSource> ParseStanzas(string text)
    {
        foreach (var stanza in text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            string? last = null;
            foreach (var line in stanza.Split('\n').Where(l => l.Trim().Length > 0 && !l.StartsWith('#')))
            {
                if (char.IsWhiteSpace(line[0]) && last is not null)
                {
                    fields[last] += "\n" + line.Trim();
                }
                else if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
                {
                    last = line[..colon].Trim();
                    fields[last] = line[(colon + 1)..].Trim();
                }
            }

            var source = new AptSource(Of("Types"), Of("URIs"), Of("Suites"), Of("Components"), fields.GetValueOrDefault("Signed-By"));
            if (source is { Types.Count: > 0, Uris.Count: > 0, Suites.Count: > 0 } && !string.Equals(fields.GetValueOrDefault("Enabled"), "no", StringComparison.OrdinalIgnoreCase))
            {
                yield return source;
            }

            IReadOnlyList<string> Of(string field) => Words(fields.GetValueOrDefault(field, ""));
        }
    }

    private static List<string> Words(string text) => [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
}
