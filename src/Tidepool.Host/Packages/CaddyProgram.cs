using Tidepool.Host.Processes;
using Tidepool.Host.State;

namespace Tidepool.Host.Packages;

/// <summary>
/// A Caddy that is new enough: WebSockets survive its reloads from 2.11 on. Taken from the machine if it has one, else unpacked
/// into the state directory without being installed.
/// </summary>
internal static class CaddyProgram
{
    public static readonly Version Needed = new(2, 11);

    /// <summary>Debian's package for the newest stable release; its binary needs nothing but libc.</summary>
    private const string Suite = "trixie-backports";

    public static async Task<string?> FindAsync(StateDirectory state, CancellationToken cancellationToken)
    {
        var given = Environment.GetEnvironmentVariable("TIDEPOOL_CADDY");
        foreach (var path in new[] { given, state.CaddyBinary, Tool.Find("caddy") })
        {
            if (path is { Length: > 0 } && File.Exists(path) && PackageVersion.IsAtLeast(await VersionAsync(path, cancellationToken), Needed))
            {
                return path;
            }
        }

        return null;
    }

    public static async Task<string?> VersionAsync(string path, CancellationToken cancellationToken)
    {
        var result = await Tool.RunAsync(path, ["version"], cancellationToken);
        return result.Succeeded ? result.Output.Trim().Split(' ')[0] : null;
    }

    /// <summary>Fetches it and puts it in place whole; the unpacked file is kept in the cache for other state directories.</summary>
    public static async Task FetchAsync(StateDirectory state, string cache, CancellationToken cancellationToken)
    {
        var kept = Path.Combine(cache, "caddy", "caddy");
        if (!File.Exists(kept) || !PackageVersion.IsAtLeast(await VersionAsync(kept, cancellationToken), Needed))
        {
            var machine = AptSource.ReadAll("/etc/apt");
            var mirror = DebianMirror.Find(machine, OsRelease.Read().Codename)
                ?? throw new CommandException("No Debian mirror was found in the machine's apt sources. Name one in TIDEPOOL_DEBIAN_MIRROR, or a Caddy of version 2.11 or newer in TIDEPOOL_CADDY.");
            var directory = Path.Combine(cache, "caddy");
            Directory.CreateDirectory(directory);
            var apt = new Apt(directory, SourcesFile.ForSuite(machine, mirror, Suite));
            await apt.UpdateAsync(cancellationToken);
            var package = await apt.DownloadAsync("caddy", directory, cancellationToken);
            var unpacked = Path.Combine(directory, "unpacked");
            var result = await Tool.RunAsync("dpkg", ["-x", package, unpacked], cancellationToken);
            if (!result.Succeeded)
            {
                throw new CommandException($"Caddy's package could not be unpacked: {result.LastOutput}");
            }

            File.Move(Path.Combine(unpacked, "usr", "bin", "caddy"), kept, overwrite: true);
            Directory.Delete(unpacked, recursive: true);
            File.Delete(package);
        }

        var fresh = state.CaddyBinary + ".new";
        File.Copy(kept, fresh, overwrite: true);
        File.SetUnixFileMode(fresh, StateDirectory.PublicProgram);
        File.Move(fresh, state.CaddyBinary, overwrite: true);
    }
}
