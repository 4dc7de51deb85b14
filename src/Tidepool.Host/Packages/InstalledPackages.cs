using Tidepool.Host.Processes;

namespace Tidepool.Host.Packages;

/// <summary>What dpkg says is installed.</summary>
public static class InstalledPackages
{
    /// <summary>Those of <paramref name="names"/> that are installed, with their versions.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> FindAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        // Names that dpkg does not know make it fail, and it still lists the others.
        var result = await Tool.RunAsync("dpkg-query", ["-W", "-f", "${Package} ${Version} ${db:Status-Status}\\n", .. names], cancellationToken);
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .Where(parts => parts is [_, _, "installed"])
            .DistinctBy(parts => parts[0])
            .ToDictionary(parts => parts[0], parts => parts[1]);
    }
}
