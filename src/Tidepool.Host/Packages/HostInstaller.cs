using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Host.Packages;

/// <summary>Installs what is missing on the host, after saying what and being allowed to. With nothing missing it does nothing.</summary>
internal sealed class HostInstaller(RuntimeCatalog runtimes, StateDirectory state, Programs programs, IScreen screen, string cache)
{
    private Apt? opened;

    /// <summary>Whether a runtime is installed, or the machine's packages offer a version that is new enough.</summary>
    public async Task<bool> CanHaveAsync(RuntimeDescriptor runtime, CancellationToken cancellationToken)
    {
        if (runtime.NeededVersion is not { } needed)
        {
            return true;
        }

        var installed = await InstalledPackages.FindAsync([needed.Package], cancellationToken);
        if (installed.TryGetValue(needed.Package, out var version) && PackageVersion.IsAtLeast(version, needed.Least))
        {
            return true;
        }

        return Apt.IsHere && (await OffersAsync(needed, await OpenAsync(OsRelease.Read(), cancellationToken), cancellationToken)).Count > 0;
    }

    public async Task RunAsync(RuntimeDescriptor runtime, bool yes, CancellationToken cancellationToken)
    {
        var missing = await new HostPackages(runtimes, programs).MissingAsync(runtime, cancellationToken);
        var caddyMissing = await CaddyProgram.FindAsync(state, cancellationToken) is null;
        if (missing.Count == 0 && !caddyMissing)
        {
            screen.Detail("Everything is installed.");
            return;
        }

        if (missing.Count > 0)
        {
            await InstallAsync(runtime, missing, yes, cancellationToken);
        }

        if (caddyMissing)
        {
            screen.Detail($"Fetching Caddy {CaddyProgram.Needed} or newer into {Path.GetDirectoryName(state.CaddyBinary)}; it is not installed on the machine.");
            await CaddyProgram.FetchAsync(state, cache, cancellationToken);
        }
    }

    private async Task InstallAsync(RuntimeDescriptor runtime, IReadOnlyList<string> missing, bool yes, CancellationToken cancellationToken)
    {
        screen.Detail($"Missing packages: {string.Join(", ", missing)}");
        var release = OsRelease.Read();
        var (apt, target) = await ChooseAsync(runtime, release, missing, cancellationToken);
        if (await apt.CostAsync(missing, target, cancellationToken) is { } cost)
        {
            screen.Detail($"apt: {cost}");
        }

        if (!yes && screen.Interactive && !screen.Confirm("    Install them now?"))
        {
            throw new CommandException("Nothing was installed. Tidepool needs these packages; run `tidepool up` again when you want them.");
        }

        screen.Detail(target is null ? "Installing them." : $"Installing them, with {runtime.DisplayName} from {target}.");
        await apt.InstallAsync(missing, target, cancellationToken);
        var still = await new HostPackages(runtimes, programs).MissingAsync(runtime, cancellationToken);
        if (still.Count > 0)
        {
            throw new CommandException($"These are still missing after the installation: {string.Join(", ", still)}. apt's output is in {apt.Log}.");
        }
    }

    /// <summary>The distribution's own version where it is new enough, else the one from the release's backports.</summary>
    private async Task<(Apt Apt, string? TargetRelease)> ChooseAsync(RuntimeDescriptor runtime, OsRelease release, IReadOnlyList<string> missing, CancellationToken cancellationToken)
    {
        var apt = await OpenAsync(release, cancellationToken);
        if (runtime.NeededVersion is not { } needed || !missing.Contains(needed.Package))
        {
            return (apt, null);
        }

        var offers = await OffersAsync(needed, apt, cancellationToken);
        if (offers.Count == 0)
        {
            throw new CommandException($"{release.Name} offers no {runtime.DisplayName} of version {needed.Least} or newer. Install one yourself, then run `tidepool up` again. {needed.OfferedBy}");
        }

        return (apt, offers.Exists(offer => !IsBackports(offer.Suite)) ? null : offers[0].Suite);
    }

    private static async Task<List<(string Version, string Suite)>> OffersAsync(NeededVersion needed, Apt apt, CancellationToken cancellationToken) =>
        [.. (await apt.OffersAsync(needed.Package, cancellationToken)).Where(offer => PackageVersion.IsAtLeast(offer.Version, needed.Least))];

    /// <summary>With its lists read once.</summary>
    private async Task<Apt> OpenAsync(OsRelease release, CancellationToken cancellationToken)
    {
        if (opened is not null)
        {
            return opened;
        }

        screen.Detail($"Reading what {release.Name} offers.");
        var machine = AptSource.ReadAll("/etc/apt");
        string? sources = null;
        if (release.Id == "debian")
        {
            var mirror = DebianMirror.Find(machine, release.Codename)
                ?? throw new CommandException($"The machine's apt sources name no mirror that has {release.Codename}. Name one in TIDEPOOL_DEBIAN_MIRROR.");
            sources = SourcesFile.ForRelease(machine, mirror, release.Codename);
        }

        var apt = new Apt(Path.Combine(cache, "apt"), sources);
        await apt.UpdateAsync(cancellationToken);
        opened = apt;
        return apt;
    }

    private static bool IsBackports(string suite) => suite.EndsWith("-backports", StringComparison.Ordinal);
}
