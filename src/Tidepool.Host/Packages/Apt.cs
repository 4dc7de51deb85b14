using System.Text.RegularExpressions;
using CliWrap;
using Tidepool.Host.Processes;

namespace Tidepool.Host.Packages;

/// <summary>apt with lists and, where given, sources of our own, so that the machine's own apt configuration is never changed.</summary>
internal sealed partial class Apt
{
    private readonly List<string> options;
    private readonly string log;

    /// <param name="directory">For the lists and downloads; kept between runs.</param>
    /// <param name="sources">The sources file's text; null to use the machine's own.</param>
    public Apt(string directory, string? sources)
    {
        var lists = Path.Combine(directory, "lists");
        Directory.CreateDirectory(Path.Combine(lists, "partial"));
        Directory.CreateDirectory(Path.Combine(directory, "archives", "partial"));
        log = Path.Combine(directory, "apt.log");
        options =
        [
            "-q", "-y",
            "-o", $"Dir::State::Lists={lists}",
            "-o", $"Dir::Cache::archives={Path.Combine(directory, "archives")}",
            // The cache of the machine's own lists must not come to hold ours.
            "-o", "Dir::Cache::pkgcache=",
            "-o", "Dir::Cache::srcpkgcache=",
            "-o", "APT::Sandbox::User=root",
            "-o", "DPkg::Lock::Timeout=600",
            "-o", "Dpkg::Options::=--force-confdef",
            "-o", "Dpkg::Options::=--force-confold",
        ];
        if (sources is not null)
        {
            var file = Path.Combine(directory, "tidepool.sources");
            File.WriteAllText(file, sources);
            options.AddRange(["-o", $"Dir::Etc::sourcelist={file}", "-o", "Dir::Etc::sourceparts=/dev/null"]);
        }
    }

    public static bool IsHere => Tool.Find("apt-get") is not null;

    public string Log => log;

    public Task UpdateAsync(CancellationToken cancellationToken) => RunAsync(["update"], cancellationToken);

    /// <summary>The versions on offer and the suite of each.</summary>
    public async Task<IReadOnlyList<(string Version, string Suite)>> OffersAsync(string package, CancellationToken cancellationToken) =>
        ParseOffers((await Tool.RunAsync("apt-cache", [.. options.Skip(2), "madison", package], cancellationToken)).Output);

    /// <summary>Lines such as <c>PACKAGE | 6.0.4-2 | URL trixie/main amd64 Packages</c>.</summary>
    internal static IReadOnlyList<(string Version, string Suite)> ParseOffers(string output) =>
        [.. output.Split('\n')
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(parts => parts.Length == 3 && parts[2].EndsWith(" Packages", StringComparison.Ordinal))
            .Select(parts => (parts[1], parts[2].Split(' ')[1].Split('/')[0]))];

    /// <summary>How much it would fetch and fill, as apt prints it; null if it does not say.</summary>
    public async Task<string?> CostAsync(IEnumerable<string> packages, string? targetRelease, CancellationToken cancellationToken)
    {
        var result = await Tool.RunAsync(
            "apt-get", [.. options.Where(o => o != "-y"), "--assume-no", .. Target(targetRelease), "install", "--no-install-recommends", .. packages], cancellationToken);
        var sentences = Cost().Matches(result.Output).Select(m => m.Value.Trim());
        return string.Join(' ', sentences) is { Length: > 0 } text ? text : null;
    }

    public Task InstallAsync(IEnumerable<string> packages, string? targetRelease, CancellationToken cancellationToken) =>
        RunAsync([.. Target(targetRelease), "install", "--no-install-recommends", .. packages], cancellationToken);

    /// <summary>Fetches a package's file into <paramref name="directory"/> and returns its path.</summary>
    public async Task<string> DownloadAsync(string package, string directory, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(directory);
        foreach (var old in Directory.EnumerateFiles(directory, package + "_*.deb"))
        {
            File.Delete(old);
        }

        await RunAsync(["download", package], cancellationToken, directory);
        return Directory.EnumerateFiles(directory, package + "_*.deb").FirstOrDefault()
            ?? throw new CommandException($"apt-get did not download {package}. Its output is in {log}.");
    }

    private static string[] Target(string? release) => release is null ? [] : ["-t", release];

    private async Task RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken, string? directory = null)
    {
        var verb = arguments.First(a => a is "update" or "install" or "download");
        await File.AppendAllTextAsync(log, $"== apt-get {string.Join(' ', arguments)}\n", cancellationToken);
        var result = await Cli.Wrap(Tool.Find("apt-get") ?? throw new CommandException("There is no apt-get here: Tidepool installs packages on Debian and Ubuntu only. Install what is missing yourself, and Caddy 2.11 or newer; `tidepool doctor` lists it."))
            .WithArguments([.. options, .. arguments])
            .WithWorkingDirectory(directory ?? Path.GetDirectoryName(log)!)
            .WithEnvironmentVariables(e => e.Set("DEBIAN_FRONTEND", "noninteractive").Set("NEEDRESTART_MODE", "l").Set("LC_ALL", "C.UTF-8"))
            .WithStandardOutputPipe(PipeTarget.ToFile(log + ".out"))
            .WithStandardErrorPipe(PipeTarget.ToFile(log + ".err"))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(cancellationToken);
        var error = await File.ReadAllTextAsync(log + ".err", cancellationToken);
        await File.AppendAllTextAsync(log, await File.ReadAllTextAsync(log + ".out", cancellationToken) + error, cancellationToken);
        File.Delete(log + ".out");
        File.Delete(log + ".err");
        if (!result.IsSuccess)
        {
            var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith("E:", StringComparison.Ordinal) || l.Contains("error", StringComparison.OrdinalIgnoreCase));
            throw new CommandException($"apt-get {verb} failed: {string.Join(' ', lines.TakeLast(3))} Its output is in {log}.");
        }
    }

    [GeneratedRegex(@"^(Need to get|After this operation,) [^\n]*", RegexOptions.Multiline)]
    private static partial Regex Cost();
}
