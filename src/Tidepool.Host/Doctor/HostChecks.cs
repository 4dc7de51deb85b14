using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Host.Doctor;

/// <summary>Whether this machine can carry Tidepool; <c>up</c> and <c>doctor</c> ask the same.</summary>
public static class HostChecks
{
    private const long Gibi = 1L << 30;
    private const long NeededDisk = 6 * Gibi;
    private const long WantedDisk = 20 * Gibi;
    private const long NeededMemory = 2 * Gibi;
    private const long WantedMemory = 6 * Gibi;
    private static readonly string[] Architectures = ["x64", "arm64"];

    public static IReadOnlyList<CheckResult> Of(RuntimeCatalog runtimes, HostFacts host, StateDirectory state, Settings settings)
    {
        // What is in force or was asked for; null while that is still open.
        var runtime = runtimes.InUse(settings) ?? runtimes.Parse(settings.Runtime);
        return
        [
            System(runtimes, host, runtime),
            host.IsRoot
                ? CheckResult.Ok(CheckCodes.Root, "Rights", "root")
                : CheckResult.Fail(CheckCodes.Root, "Rights", $"You are {Environment.UserName}.", "Tidepool needs root, to make bridges and machines. Run it as `sudo ./tidepool …`."),
            Amount(CheckCodes.Disk, "Disk", host.FreeDiskBytes, NeededDisk, WantedDisk, "free", $"The image and each workspace take space in {state.Root}; free some, or choose another place with --state."),
            Amount(CheckCodes.Memory, "Memory", host.MemoryBytes, NeededMemory, WantedMemory, "in all", "A workspace has 4 GiB by default; give new ones less with `tidepool new NAME --memory 2048`."),
            .. runtime?.CheckHost(host) ?? Undecided(runtimes, host),
            state.WhySocketsDoNotFit(runtime?.LongestSocket(state)) is { } why
                ? CheckResult.Fail(CheckCodes.SocketPath, "State directory", why, "Choose a shorter path with --state.")
                : CheckResult.Ok(CheckCodes.SocketPath, "State directory", state.Root),
            .. PortChecks.Of(state, settings),
        ];
    }

    /// <summary>That the kernel allows bridges and nftables, for a runtime whose machines hang on a bridge of ours.</summary>
    public static IReadOnlyList<CheckResult> OfBridge(HostFacts host) =>
    [
        Ability(CheckCodes.Bridge, "Bridges", host.WhyNoBridge, "The kernel has to allow bridges (module `bridge`)."),
        Ability(CheckCodes.Firewall, "Firewall", host.WhyNoFirewall, "The kernel has to allow nftables (module `nf_tables`)."),
    ];

    private static CheckResult System(RuntimeCatalog runtimes, HostFacts host, RuntimeDescriptor? runtime) =>
        host.IsMac ? CheckResult.Fail(CheckCodes.System, "System", "This is macOS, on which `tidepool up` does not work yet.", "Run Tidepool on a Linux machine, or in a Linux virtual machine. README.md says what there is for macOS.")
        : !host.IsLinux ? CheckResult.Fail(CheckCodes.System, "System", "This is not Linux.", "Run Tidepool on a Linux machine, or in a Linux virtual machine.")
        : !Architectures.Contains(host.Architecture) ? CheckResult.Fail(CheckCodes.System, "System", $"The architecture is {host.Architecture}.", "Workspaces are made for x64 and arm64.")
        : runtime?.WhyNotHere(host) is { } why ? CheckResult.Fail(CheckCodes.System, "System", $"The architecture is {host.Architecture}. {why}", $"The runtimes of this machine: {string.Join(", ", runtimes.Possible(host).Select(other => other.Name))}. Choose with `--runtime`.")
        : CheckResult.Ok(CheckCodes.System, "System", $"Linux, {host.Architecture}");

    /// <summary>While no runtime is chosen, only what all of them need is a fault.</summary>
    private static IEnumerable<CheckResult> Undecided(RuntimeCatalog runtimes, HostFacts host)
    {
        var all = runtimes.Possible(host).Select(runtime => (Runtime: runtime, Checks: runtime.CheckHost(host))).ToList();
        return all.SelectMany(one => one.Checks).Select(check => check.Code).Distinct().Select(Combined);

        CheckResult Combined(string code)
        {
            var needing = all.Select(one => (one.Runtime, Check: one.Checks.FirstOrDefault(check => check.Code == code))).ToList();
            var failed = needing.FirstOrDefault(one => one.Check?.Status == CheckStatus.Fail);
            return failed.Check is not { } fault ? needing.Select(one => one.Check).OfType<CheckResult>().First()
                : needing.TrueForAll(one => one.Check?.Status == CheckStatus.Fail) ? fault
                : CheckResult.Warn(code, fault.Title, $"{fault.Detail} Without it workspaces cannot be in {failed.Runtime.DisplayName}.", fault.Next!);
        }
    }

    private static CheckResult Amount(string code, string title, long bytes, long needed, long wanted, string word, string next)
    {
        var detail = $"{Amounts.Bytes(bytes)} {word}";
        return bytes < needed ? CheckResult.Fail(code, title, $"{detail}; at least {Amounts.Bytes(needed)} are needed.", next)
            : bytes < wanted ? CheckResult.Warn(code, title, $"{detail}; {Amounts.Bytes(wanted)} or more are better.", next)
            : CheckResult.Ok(code, title, detail);
    }

    /// <summary>Whether the kernel can do something.</summary>
    /// <param name="code">The check's.</param>
    /// <param name="title">The check's.</param>
    /// <param name="whyNot">Null if it can.</param>
    /// <param name="next">What to do if it cannot.</param>
    public static CheckResult Ability(string code, string title, string? whyNot, string next) =>
        whyNot is null ? CheckResult.Ok(code, title, "can be used") : CheckResult.Fail(code, title, whyNot, next);
}
