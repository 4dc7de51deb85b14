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

    public static IReadOnlyList<CheckResult> Of(HostFacts host, StateDirectory state, Settings settings) =>
    [
        System(host, Runtime(settings)),
        host.IsRoot
            ? CheckResult.Ok(CheckCodes.Root, "Rights", "root")
            : CheckResult.Fail(CheckCodes.Root, "Rights", $"You are {Environment.UserName}.", "Tidepool needs root, to make bridges and machines. Run it as `sudo ./tidepool …`."),
        Amount(CheckCodes.Disk, "Disk", host.FreeDiskBytes, NeededDisk, WantedDisk, "free", $"The image and each workspace take space in {state.Root}; free some, or choose another place with --state."),
        Amount(CheckCodes.Memory, "Memory", host.MemoryBytes, NeededMemory, WantedMemory, "in all", "A workspace has 4 GiB by default; give new ones less with `tidepool new NAME --memory 2048`."),
        Ability(CheckCodes.Bridge, "Bridges", host.WhyNoBridge, "The kernel has to allow bridges (module `bridge`)."),
        Ability(CheckCodes.Firewall, "Firewall", host.WhyNoFirewall, "The kernel has to allow nftables (module `nf_tables`)."),
        Btrfs(host, Runtime(settings)),
        state.WhySocketsDoNotFit(Runtime(settings)) is { } why
            ? CheckResult.Fail(CheckCodes.SocketPath, "State directory", why, "Choose a shorter path with --state.")
            : CheckResult.Ok(CheckCodes.SocketPath, "State directory", state.Root),
        .. PortChecks.Of(state, settings),
    ];

    /// <summary>What is in force or was asked for; null while that is still open.</summary>
    private static RuntimeKind? Runtime(Settings settings) => settings.RuntimeInUse ?? RuntimeWords.Parse(settings.Runtime);

    private static CheckResult System(HostFacts host, RuntimeKind? runtime) =>
        !host.IsLinux ? CheckResult.Fail(CheckCodes.System, "System", "This is not Linux.", "Run Tidepool on a Linux machine, or in a Linux virtual machine.")
        : !Architectures.Contains(host.Architecture) ? CheckResult.Fail(CheckCodes.System, "System", $"The architecture is {host.Architecture}.", "Incus and code-server are there for x64 and arm64.")
        : runtime == RuntimeKind.Qemu && !host.IsX64 ? CheckResult.Fail(CheckCodes.System, "System", $"The architecture is {host.Architecture}.", "QEMU's machines are made for x64; `--runtime incus` works here.")
        : CheckResult.Ok(CheckCodes.System, "System", $"Linux, {host.Architecture}");

    /// <summary>While no runtime is chosen, a runtime that needs no btrfs may still be.</summary>
    private static CheckResult Btrfs(HostFacts host, RuntimeKind? runtime)
    {
        const string next = "The kernel has to know btrfs (module `btrfs`), which makes workspaces from the image without copying it.";
        return host.WhyNoBtrfs is null ? CheckResult.Ok(CheckCodes.Btrfs, "btrfs", "can be used")
            : runtime is RuntimeKind.Incus ? CheckResult.Fail(CheckCodes.Btrfs, "btrfs", host.WhyNoBtrfs, next)
            : runtime is null ? CheckResult.Warn(CheckCodes.Btrfs, "btrfs", $"{host.WhyNoBtrfs} Without it workspaces cannot be in Incus.", next)
            : CheckResult.Ok(CheckCodes.Btrfs, "btrfs", $"not there, and {runtime.Value.Name()} does not need it");
    }

    private static CheckResult Amount(string code, string title, long bytes, long needed, long wanted, string word, string next)
    {
        var detail = $"{Amounts.Bytes(bytes)} {word}";
        return bytes < needed ? CheckResult.Fail(code, title, $"{detail}; at least {Amounts.Bytes(needed)} are needed.", next)
            : bytes < wanted ? CheckResult.Warn(code, title, $"{detail}; {Amounts.Bytes(wanted)} or more are better.", next)
            : CheckResult.Ok(code, title, detail);
    }

    private static CheckResult Ability(string code, string title, string? whyNot, string next) =>
        whyNot is null ? CheckResult.Ok(code, title, "can be used") : CheckResult.Fail(code, title, whyNot, next);
}
