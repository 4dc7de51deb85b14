using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Runtime;
using Tidepool.Host.Doctor;
using Tidepool.Host.Runtimes;
using Tidepool.Host.Startup;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Incus;

/// <summary>What Incus says of itself: a daemon of our own, which runs virtual machines where it can, else containers.</summary>
internal sealed class IncusDescriptor : RuntimeDescriptor
{
    public const string Word = "incus";
    private static readonly string[] Kinds = ["containers", "virtual-machines"];

    public override string Name => Word;

    public override string DisplayName => "Incus";

    /// <summary>Incus only recommends, or only suggests, the last of these; without them it has no addresses and no disks for us. The last two make users and run processes as them.</summary>
    public override IReadOnlyList<string> Packages => [Word, "btrfs-progs", "dnsmasq-base", "nftables", "iproute2", "uidmap", "passwd", "util-linux"];

    public override NeededVersion NeededVersion => new(Word, new Version(6, 0), "Debian 12 and newer and Ubuntu 24.04 and newer offer it.");

    public override IReadOnlyList<string> EnvironmentVariables => [Incusd.ProgramVariable];

    public override RuntimeDaemon Daemon { get; } = new Incusd();

    public override RuntimeLeftovers Leftovers { get; } = new IncusLeftovers();

    public override bool HasBridge => true;

    public override bool HasPool => true;

    public override IReadOnlyList<CheckResult> CheckHost(HostFacts host) =>
    [
        .. HostChecks.OfBridge(host),
        HostChecks.Ability(CheckCodes.Btrfs, "btrfs", host.WhyNoBtrfs, "The kernel has to know btrfs (module `btrfs`), which makes workspaces from the image without copying it."),
    ];

    public override IReadOnlyList<RuntimeOffer> Offers(HostFacts host, bool kvmWorks)
    {
        if (host.WhyNoBtrfs is not null)
        {
            return [];
        }

        var kvm = kvmWorks ? "KVM works here" : host.WhyNoKvm;
        var containers = new RuntimeOffer(
            Isolation.Container,
            [$"Workspaces are containers in Incus: {kvm}.", "Containers share this machine's kernel."]);
        return kvmWorks && host.HasVsock
            ? [new RuntimeOffer(Isolation.VirtualMachine, ["Workspaces are virtual machines in Incus: KVM works here."]), containers]
            : [containers];
    }

    public override string? WhyNoMachines(HostFacts host) => host.HasVsock ? null : "Incus would need vhost_vsock for virtual machines.";

    /// <summary>Versions before the descriptors made the directory for every runtime.</summary>
    public override bool HasPrepared(StateDirectory state) => Directory.Exists(state.At(Word, "database"));

    public override IReadOnlyList<string> MachineDirectories(StateDirectory state) => [.. Kinds.Select(kind => state.At(Word, kind))];

    public override void Complete(Settings settings, StateDirectory state)
    {
        var section = IncusSettings.Of(settings);
        section.Socket = section.Socket.Length > 0 ? section.Socket : Incusd.SocketOf(state);
        section.Network = section.Network.Length > 0 ? section.Network : NetworkNames.BridgeOf(state);
        section.Pool = section.Pool.Length > 0 ? section.Pool : "tidepool-" + state.Key;
    }

    public override void Apply(Settings settings, bool? nat, int? poolSizeGiB)
    {
        var section = IncusSettings.Of(settings);
        section.Nat = nat ?? section.Nat;
        section.PoolSizeGiB = poolSizeGiB ?? section.PoolSizeGiB;
    }

    public override void Settle(Settings settings, Isolation? isolation) =>
        IncusSettings.Of(settings).Machines = isolation is null ? null : isolation == Isolation.VirtualMachine;

    public override void BeforeStart(Settings settings, StateDirectory state) => IncusSettings.Of(settings).PoolSizeGiB ??= PoolSize.For(state.Root);

    public override string BridgeOf(Settings settings) => IncusSettings.Of(settings).Network;

    public override bool NeedsMachineImage(Settings settings) => IncusSettings.Of(settings).Machines == true;

    /// <summary>The daemon turns forwarding on for every bridge that it puts up.</summary>
    public override KernelNeeds HeldWhileUp(Settings settings) => KernelNeeds.Forwarding | KernelNeeds.SharedTables;

    public override string Possessions(Settings settings) => $"its Incus network {BridgeOf(settings)} and storage pool {IncusSettings.Of(settings).Pool}";

    public override CheckResult Describe(StateDirectory state, Settings settings) => IncusSettings.Of(settings).Machines switch
    {
        true => CheckResult.Ok(CheckCodes.Runtime, "Runtime", "Incus, with KVM: each workspace is a virtual machine with a kernel of its own"),
        false => CheckResult.Warn(
            CheckCodes.Runtime,
            "Runtime",
            "Incus, without virtual machines: workspaces are containers, which share this machine's kernel.",
            "A Tidepool with a --state DIR of its own can have another runtime; docs/doctor.md says which gives virtual machines anywhere."),
        null => CheckResult.Ok(CheckCodes.Runtime, "Runtime", "Incus; what workspaces are is under Health"),
    };

    public override async Task<IReadOnlyList<CheckResult>> CheckAsync(StateDirectory state, Settings settings, CancellationToken cancellationToken)
    {
        var growth = await DiskChecks.GrowthAsync(state.At(Word, "disks", IncusSettings.Of(settings).Pool + ".img"), cancellationToken);
        return [DiskChecks.PoolGrowth(new DriveInfo(state.Root).AvailableFreeSpace, growth)];
    }

    public override void AddServices(IServiceCollection services, StateDirectory state, Action<string, object> bind) =>
        services.AddIncusRuntime(options => bind("Incus", options));
}
