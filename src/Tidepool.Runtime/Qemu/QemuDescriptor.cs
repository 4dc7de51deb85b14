using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Host.Doctor;
using Tidepool.Host.Processes;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Qemu;

/// <summary>What QEMU says of itself: virtual machines of one process each, without a daemon, also where there is no KVM.</summary>
internal sealed class QemuDescriptor : RuntimeDescriptor
{
    public const string Word = "qemu";

    public override string Name => Word;

    public override string DisplayName => "QEMU";

    /// <summary>dnsmasq answers names alone.</summary>
    public override IReadOnlyList<string> Packages => ["qemu-system-x86", "qemu-utils", "dnsmasq-base", "nftables", "iproute2", "passwd", "util-linux"];

    public override RuntimeLeftovers Leftovers { get; } = new QemuLeftovers();

    public override bool HasBridge => true;

    public override bool CanTryKvm => true;

    public override string? WhyNotHere(HostFacts host) => base.WhyNotHere(host) ?? (host.IsX64 ? null : "QEMU's machines are made for x64.");

    public override IReadOnlyList<CheckResult> CheckHost(HostFacts host) =>
    [
        .. HostChecks.OfBridge(host),
        CheckResult.Ok(CheckCodes.Btrfs, "btrfs", host.WhyNoBtrfs is null ? "can be used" : "not there, and QEMU does not need it"),
    ];

    public override IReadOnlyList<RuntimeOffer> Offers(HostFacts host, bool kvmWorks) =>
        kvmWorks
            ? [new RuntimeOffer(Isolation.VirtualMachine, ["Workspaces are virtual machines of QEMU's: KVM works here."])]
            : [new RuntimeOffer(
                Isolation.EmulatedMachine,
                [$"Workspaces are virtual machines of QEMU's in software emulation: {host.WhyNoKvm}. Each has a kernel of its own, and is slow."])];

    public override IReadOnlyList<string> MachineDirectories(StateDirectory state) => [state.At(Word, "machines")];

    public override string LongestSocket(StateDirectory state) => state.At(Word, "machines", "ws-" + new string('0', 32), "vm", "qmp");

    public override void Complete(Settings settings, StateDirectory state)
    {
        var section = QemuSettings.Of(settings);
        section.Bridge = section.Bridge.Length > 0 ? section.Bridge : NetworkNames.BridgeOf(state);
    }

    public override void Apply(Settings settings, bool? nat, int? poolSizeGiB)
    {
        var section = QemuSettings.Of(settings);
        section.Nat = nat ?? section.Nat;
    }

    public override string BridgeOf(Settings settings) => QemuSettings.Of(settings).Bridge;

    public override bool NeedsMachineImage(Settings settings) => true;

    public override KernelNeeds HeldWhileUp(Settings settings) => QemuSettings.Of(settings).Nat ? KernelNeeds.Forwarding : KernelNeeds.None;

    public override string Possessions(Settings settings) => $"its network bridge {BridgeOf(settings)} and the firewall around it";

    public override CheckResult Describe(StateDirectory state, Settings settings) =>
        (QemuSettings.Of(settings).Accelerator is { Length: > 0 } and not Accelerators.Auto ? QemuSettings.Of(settings).Accelerator : Recorded(state)) switch
        {
            Accelerators.Kvm => CheckResult.Ok(CheckCodes.Runtime, "Runtime", "QEMU with KVM: each workspace is a virtual machine with a kernel of its own"),
            Accelerators.Emulation => CheckResult.Warn(
                CheckCodes.Runtime,
                "Runtime",
                "QEMU in software emulation: each workspace is a virtual machine with a kernel of its own, and is slow.",
                "Where this machine's firmware, or the host that it is a guest of, allows KVM, it is used after the next start of this machine."),
            _ => CheckResult.Ok(CheckCodes.Runtime, "Runtime", "QEMU; whether KVM works shows at the first start"),
        };

    public override void AddServices(IServiceCollection services, StateDirectory state, Action<string, object> bind) =>
        services.AddQemuRuntime(options =>
        {
            options.Directory = DirectoryOf(state);
            bind("Qemu", options);
        });

    public override Task<bool> TryKvmAsync(IServiceProvider services, string image, CancellationToken cancellationToken) =>
        services.GetRequiredService<KvmProbe>().BootsAsync(Path.Combine(image, "vmlinuz"), Path.Combine(image, "initrd.img"), cancellationToken);

    /// <summary>The accelerator that the worker last probed; it is stored with the boot of this machine in which it was probed.</summary>
    private static string? Recorded(StateDirectory state)
    {
        var file = state.At(Word, "accelerator");
        return File.Exists(file) && File.ReadAllText(file).Split(' ', StringSplitOptions.TrimEntries) is [_, var accelerator] ? accelerator : null;
    }
}

/// <summary>What is left of machines that were killed.</summary>
internal sealed class QemuLeftovers : RuntimeLeftovers
{
    public override bool IsMachine(string commandLine) => Path.GetFileName(commandLine.Split(' ')[0]).StartsWith("qemu-system-", StringComparison.Ordinal);

    public override uint? FirstMachineUser => QemuOptions.DefaultFirstUser;

    /// <summary>A compromised QEMU can empty its command line.</summary>
    public override IEnumerable<int> RecordedMachines(StateDirectory state)
    {
        var machines = state.At(QemuDescriptor.Word, "machines");
        return Directory.Exists(machines)
            ? [.. Directory.EnumerateDirectories(machines).Select(machine => PidFile.ReadAlive(Path.Combine(machine, "process"))?.Pid).OfType<int>()]
            : [];
    }
}
