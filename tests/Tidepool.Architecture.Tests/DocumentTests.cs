using System.Text.RegularExpressions;
using Tidepool.Core.Pages;
using Tidepool.Testing;

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
    public void Pages_without_files_of_their_own_have_the_colors_of_the_page()
    {
        var sheet = File.ReadAllText(Repository.At("src/Tidepool.App/wwwroot/style.css"));
        var colors = Color().Matches(PlainPage.Html("", "")).Select(match => match.Value).ToList();
        Assert.Equal(10, colors.Count);
        Assert.All(colors.Distinct(), color => Assert.Contains(color, sheet, StringComparison.Ordinal));
    }

    [Fact]
    public void The_architecture_stays_short() => Assert.InRange(File.ReadAllLines(Repository.At("docs/architecture.md")).Length, 20, 150);

    [GeneratedRegex("--[a-z]+: #[0-9a-f]{6};")]
    private static partial Regex Color();

    [GeneratedRegex(@"`((?:src|tests|bench|images|docs|\.ci)/[A-Za-z0-9_./-]+)`")]
    private static partial Regex CodePath();

    [GeneratedRegex(@"\]\(([^)#]*)(?:#[^)]*)?\)")]
    private static partial Regex Link();
}
