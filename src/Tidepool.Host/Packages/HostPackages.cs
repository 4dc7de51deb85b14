using Tidepool.Host.Runtimes;

namespace Tidepool.Host.Packages;

/// <summary>The packages that Tidepool needs on the host, and which of them are missing.</summary>
public sealed class HostPackages(Programs programs)
{
    public const string Incus = "incus";
    public static readonly Version NeededIncus = new(6, 0);

    /// <summary>Incus only recommends, or only suggests, the last of these; without them it has no addresses and no disks for us. The last two make users and run processes as them.</summary>
    private static readonly string[] ForIncus = [Incus, "btrfs-progs", "dnsmasq-base", "nftables", "iproute2", "uidmap", "passwd", "util-linux"];

    /// <summary>dnsmasq answers names alone.</summary>
    private static readonly string[] ForQemu = ["qemu-system-x86", "qemu-utils", "dnsmasq-base", "nftables", "iproute2", "passwd", "util-linux"];

    /// <summary>Why each is needed is in the recipe's own list.</summary>
    public IReadOnlyList<string> ForImage =>
        File.Exists(ImageList) ? [.. File.ReadAllLines(ImageList).Select(l => l.Split('#')[0].Trim()).Where(l => l.Length > 0)] : [];

    /// <summary>Those of all runtimes.</summary>
    public IReadOnlyList<string> All => [.. ForIncus.Union(ForQemu).Union(ForImage)];

    private string ImageList => Path.Combine(programs.WorkspaceRecipe, "host-packages");

    /// <summary>The packages that a runtime needs; while none is chosen, the packages that every runtime needs.</summary>
    public IReadOnlyList<string> Of(RuntimeKind? runtime) => runtime switch
    {
        RuntimeKind.Incus => [.. ForIncus, .. ForImage],
        RuntimeKind.Qemu => [.. ForQemu, .. ForImage],
        RuntimeKind.Tart => [],
        null => [.. ForIncus.Intersect(ForQemu), .. ForImage],
        _ => throw new InvalidOperationException($"{runtime} is no runtime."),
    };

    public async Task<IReadOnlyList<string>> MissingAsync(RuntimeKind? runtime, CancellationToken cancellationToken)
    {
        var needed = Of(runtime);
        var installed = await InstalledPackages.FindAsync([.. needed], cancellationToken);
        return [.. needed.Where(name => !installed.TryGetValue(name, out var version) || (name == Incus && !PackageVersion.IsAtLeast(version, NeededIncus)))];
    }
}
