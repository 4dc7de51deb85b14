using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Host.Doctor;

/// <summary>Which runtime is in force, and in plain words what separates its workspaces from this machine.</summary>
internal static class RuntimeChecks
{
    private const string Title = "Runtime";

    public static CheckResult Run(StateDirectory state, Settings settings) =>
        Of(settings, settings.Qemu.Accelerator is { Length: > 0 } and not "auto" ? settings.Qemu.Accelerator : Noted(state));

    /// <param name="settings">What is in force.</param>
    /// <param name="accelerator">What QEMU's machines run with; null if the worker has not probed it yet.</param>
    internal static CheckResult Of(Settings settings, string? accelerator) => (settings.RuntimeInUse, settings.Incus.Machines, accelerator) switch
    {
        (null, _, _) => CheckResult.Ok(CheckCodes.Runtime, Title, $"{settings.Runtime}; `tidepool up` decides and says why"),
        (RuntimeKind.Incus, true, _) => CheckResult.Ok(CheckCodes.Runtime, Title, "Incus, with KVM: each workspace is a virtual machine with a kernel of its own"),
        (RuntimeKind.Incus, false, _) => CheckResult.Warn(
            CheckCodes.Runtime, Title, "Incus, without virtual machines: workspaces are containers, which share this machine's kernel.", "A Tidepool with `--runtime qemu` and a --state DIR of its own has virtual machines anywhere, slower."),
        (RuntimeKind.Incus, null, _) => CheckResult.Ok(CheckCodes.Runtime, Title, "Incus; what workspaces are is under Health"),
        (RuntimeKind.Qemu, _, "kvm") => CheckResult.Ok(CheckCodes.Runtime, Title, "QEMU with KVM: each workspace is a virtual machine with a kernel of its own"),
        (RuntimeKind.Qemu, _, "tcg") => CheckResult.Warn(
            CheckCodes.Runtime, Title, "QEMU in software emulation: each workspace is a virtual machine with a kernel of its own, and is slow.", "Where this machine's firmware, or the host that it is a guest of, allows KVM, it is used after the next start of this machine."),
        (RuntimeKind.Qemu, _, _) => CheckResult.Ok(CheckCodes.Runtime, Title, "QEMU; whether KVM works shows at the first start"),
        (RuntimeKind.Tart, _, _) => CheckResult.Ok(CheckCodes.Runtime, Title, "Tart: each workspace is a virtual machine with a kernel of its own"),
        _ => throw new InvalidOperationException($"{settings.RuntimeInUse} is no runtime."),
    };

    /// <summary>The accelerator that the worker last probed; it is stored with the boot of this machine in which it was probed.</summary>
    private static string? Noted(StateDirectory state)
    {
        var note = Path.Combine(state.Qemu, "accelerator");
        return File.Exists(note) && File.ReadAllText(note).Split(' ', StringSplitOptions.TrimEntries) is [_, var accelerator] ? accelerator : null;
    }
}
