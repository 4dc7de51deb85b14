namespace Tidepool.Host.Runtimes;

/// <summary>A runtime, and why it was chosen. Pure.</summary>
/// <param name="Runtime">Which.</param>
/// <param name="Machines">Of Incus: whether it is to run virtual machines; null leaves that to what Incus itself says.</param>
/// <param name="Reasons">For the person who runs <c>up</c>: a line each.</param>
internal sealed record RuntimeChoice(RuntimeKind Runtime, bool? Machines, IReadOnlyList<string> Reasons)
{
    /// <summary>By what the machine can do: virtual machines before containers, and Incus before QEMU alone.</summary>
    public static RuntimeChoice Of(RuntimeFacts facts)
    {
        if (facts.IsMac)
        {
            return new RuntimeChoice(RuntimeKind.Tart, null, ["Workspaces run in Tart: that is how macOS runs virtual machines."]);
        }

        var kvm = facts.KvmWorks ? "KVM works here" : facts.HasKvm ? "/dev/kvm is here, but no kernel boots with it" : "there is no /dev/kvm here";
        return facts switch
        {
            { KvmWorks: true, HasVsock: true, HasIncus: true } =>
                new(RuntimeKind.Incus, true, ["Workspaces are virtual machines in Incus: KVM works here."]),
            { KvmWorks: true, IsX64: true } =>
                new(RuntimeKind.Qemu, null, [$"Workspaces are virtual machines of QEMU's: {kvm}, and Incus {(facts.HasVsock ? "is not available" : "would need vhost_vsock for its own")}."]),
            { HasIncus: true } =>
                new(RuntimeKind.Incus, false, [$"Workspaces are containers in Incus: {kvm}.", .. Warning(facts)]),
            { IsX64: true } =>
                new(RuntimeKind.Qemu, null, [$"Workspaces are virtual machines of QEMU's in software emulation: {kvm}, and Incus is not available.", "Each has a kernel of its own, and is slow."]),
            _ => throw new CommandException("No runtime can work here: Incus 6.0 or newer is not available, and QEMU's machines need x64."),
        };
    }

    /// <summary>What was asked for by name, if it can be.</summary>
    public static RuntimeChoice Asked(RuntimeKind runtime, bool isMac, bool isX64) => runtime switch
    {
        RuntimeKind.Tart when !isMac => throw new CommandException("Tart runs on macOS only. On Linux the runtimes are incus and qemu."),
        RuntimeKind.Incus or RuntimeKind.Qemu when isMac => throw new CommandException("Incus and QEMU run workspaces on Linux only. On macOS the runtime is tart."),
        RuntimeKind.Qemu when !isX64 => throw new CommandException("QEMU's machines are made for x64. On this machine the runtime is incus."),
        _ => new RuntimeChoice(runtime, null, [$"Workspaces run in {runtime.Name()}, as it was asked for."]),
    };

    private static string[] Warning(RuntimeFacts facts) =>
        facts.IsX64
            ? ["Containers share this machine's kernel. `tidepool up --runtime qemu` gives virtual machines anywhere, slower."]
            : ["Containers share this machine's kernel."];
}
