using System.Xml.Linq;
using Tidepool.Testing;

namespace Tidepool.Architecture.Tests;

/// <summary>Which project may reference which, read from the project files: what they do not reference they cannot use.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Tidepool.Core"] = [],
        ["Tidepool.Contracts"] = [],
        ["Tidepool.Host"] = ["Tidepool.Core"],
        ["Tidepool.Db"] = ["Tidepool.Core", "Tidepool.Host"],
        ["Tidepool.Queue"] = ["Tidepool.Core", "Tidepool.Host"],
        ["Tidepool.Runtime"] = ["Tidepool.Core", "Tidepool.Host"],
        ["Tidepool.Caddy"] = ["Tidepool.Core", "Tidepool.Host"],
        ["Tidepool.App"] = ["Tidepool.Contracts"],
        // The catalog of runtimes and nothing else: docs/adr/0019 says why.
        ["Tidepool.Cli"] = ["Tidepool.Contracts", "Tidepool.Host", "Tidepool.Runtime"],
        ["Tidepool.Server"] = ["Tidepool.Core", "Tidepool.Host", "Tidepool.Contracts", "Tidepool.Db", "Tidepool.Queue", "Tidepool.App"],
        ["Tidepool.Worker"] = ["Tidepool.Core", "Tidepool.Host", "Tidepool.Db", "Tidepool.Queue", "Tidepool.Runtime", "Tidepool.Caddy"],
    };

    public static TheoryData<string> Projects => [.. Directory.EnumerateDirectories(Repository.At("src")).Select(d => Path.GetFileName(d)!)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_knows_only_those_it_may(string project)
    {
        Assert.True(Allowed.TryGetValue(project, out var allowed), $"{project} has no rule in {nameof(ReferenceTests)}.");
        var file = XDocument.Load(Repository.At($"src/{project}/{project}.csproj"));
        var references = file.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
        Assert.Empty(references.Except(allowed!));
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Repository.At("Tidepool.slnx"));
        var projects = new[] { "src", "tests", "bench" }
            .Where(folder => Directory.Exists(Repository.At(folder)))
            .SelectMany(folder => Directory.EnumerateFiles(Repository.At(folder), "*.csproj", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Repository.Root, path));
        Assert.All(projects, path => Assert.Contains(path, solution, StringComparison.Ordinal));
    }
}
