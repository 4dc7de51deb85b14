namespace Tidepool.Cli.Packages;

/// <summary>The packages that Tidepool needs on the host, and which of them are missing.</summary>
internal sealed class HostPackages(Programs programs)
{
    public static readonly Version NeededIncus = new(6, 0);

    /// <summary>Incus only recommends, or only suggests, the last of these; without them it has no addresses and no disks for us.</summary>
    private static readonly string[] ForIncus = ["incus", "btrfs-progs", "dnsmasq-base", "nftables", "iproute2", "uidmap"];

    /// <summary>Why each is needed is in the recipe's own list.</summary>
    public IReadOnlyList<string> ForImage =>
        File.Exists(ImageList) ? [.. File.ReadAllLines(ImageList).Select(l => l.Split('#')[0].Trim()).Where(l => l.Length > 0)] : [];

    public IReadOnlyList<string> All => [.. ForIncus, .. ForImage];

    private string ImageList => Path.Combine(programs.WorkspaceRecipe, "host-packages");

    public async Task<IReadOnlyList<string>> MissingAsync(CancellationToken cancellationToken)
    {
        var installed = await InstalledPackages.FindAsync([.. All], cancellationToken);
        return [.. All.Where(name => !installed.TryGetValue(name, out var version) || (name == "incus" && !PackageVersion.IsAtLeast(version, NeededIncus)))];
    }
}
