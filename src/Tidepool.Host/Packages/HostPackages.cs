using Tidepool.Host.Runtimes;

namespace Tidepool.Host.Packages;

/// <summary>The packages that Tidepool needs on the host, and which of them are missing.</summary>
public sealed class HostPackages(RuntimeCatalog runtimes, Programs programs)
{
    /// <summary>Why each is needed is in the recipe's own list.</summary>
    public IReadOnlyList<string> ForImage =>
        File.Exists(ImageList) ? [.. File.ReadAllLines(ImageList).Select(l => l.Split('#')[0].Trim()).Where(l => l.Length > 0)] : [];

    /// <summary>Those of all runtimes.</summary>
    public IReadOnlyList<string> All => [.. runtimes.All.SelectMany(runtime => runtime.Packages).Union(ForImage)];

    private string ImageList => Path.Combine(programs.WorkspaceRecipe, "host-packages");

    /// <summary>The packages that a runtime needs; while none is chosen, the packages that every runtime with packages needs.</summary>
    public IReadOnlyList<string> Of(RuntimeDescriptor? runtime) => runtime switch
    {
        null => [.. Shared(), .. ForImage],
        { Packages.Count: 0 } => [],
        _ => [.. runtime.Packages, .. ForImage],
    };

    public async Task<IReadOnlyList<string>> MissingAsync(RuntimeDescriptor? runtime, CancellationToken cancellationToken)
    {
        var needed = Of(runtime);
        var installed = await InstalledPackages.FindAsync([.. needed], cancellationToken);
        return [.. needed.Where(name => !installed.TryGetValue(name, out var version) || (runtime?.NeededVersion is { } least && name == least.Package && !PackageVersion.IsAtLeast(version, least.Least)))];
    }

    private IEnumerable<string> Shared()
    {
        var lists = runtimes.All.Select(runtime => runtime.Packages).Where(packages => packages.Count > 0).ToList();
        return lists.Skip(1).Aggregate(lists.FirstOrDefault() ?? [], (shared, packages) => [.. shared.Intersect(packages)]);
    }
}
