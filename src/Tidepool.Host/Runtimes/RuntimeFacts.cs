namespace Tidepool.Host.Runtimes;

/// <summary>What the choice of a runtime depends on.</summary>
/// <param name="IsMac">Whether this is macOS.</param>
/// <param name="IsX64">Whether the processor is what the QEMU runtime's machines are made for.</param>
/// <param name="HasKvm">Whether there is a device for it, which proves nothing.</param>
/// <param name="KvmWorks">Whether a kernel was seen to boot with it.</param>
/// <param name="HasVsock">Whether a host can talk to its machines by vsock, without which Incus runs no virtual machines.</param>
/// <param name="HasIncus">Whether Incus is installed or can be, with all that the kernel has to know for it.</param>
internal sealed record RuntimeFacts(bool IsMac, bool IsX64, bool HasKvm, bool KvmWorks, bool HasVsock, bool HasIncus)
{
    /// <summary>Whether it makes a difference if KVM works. Without a device it does not; else a guest has to be booted to know.</summary>
    public bool NeedsProbe => !IsMac && IsX64 && HasKvm;

    /// <summary>Whether it matters if Incus is available. Where KVM works and vsock is missing, the choice is QEMU either way.</summary>
    public bool NeedsIncusAsked => !IsMac && !(KvmWorks && IsX64 && !HasVsock);
}
