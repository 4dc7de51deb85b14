using System.Text.RegularExpressions;

namespace Tidepool.Architecture.Tests;

public sealed partial class DocumentTests
{
    public static TheoryData<string> Documents =>
        [.. new[] { "README.md", "CONTRIBUTING.md" }
            .Concat(Directory.EnumerateFiles(Repository.At("docs"), "*.md", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Repository.Root, path)))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_path_that_a_document_names_exists(string document)
    {
        var text = File.ReadAllText(Repository.At(document));
        var named = CodePath().Matches(text).Select(match => match.Groups[1].Value).Distinct();
        Assert.All(named, path => Assert.True(File.Exists(Repository.At(path)) || Directory.Exists(Repository.At(path)), $"{document} names {path}, which is not there."));

        var folder = Path.GetDirectoryName(Repository.At(document))!;
        var linked = Link().Matches(text).Select(match => match.Groups[1].Value).Where(target => target.Length > 0 && !target.Contains(':', StringComparison.Ordinal)).Distinct();
        Assert.All(linked, target => Assert.True(Path.Exists(Path.Combine(folder, target)), $"{document} links to {target}, which is not there."));
    }

    [Fact]
    public void The_architecture_stays_short() => Assert.InRange(File.ReadAllLines(Repository.At("docs/architecture.md")).Length, 20, 150);

    [GeneratedRegex(@"`((?:src|tests|bench|images|docs|\.ci)/[A-Za-z0-9_./-]+)`")]
    private static partial Regex CodePath();

    [GeneratedRegex(@"\]\(([^)#]*)(?:#[^)]*)?\)")]
    private static partial Regex Link();
}
