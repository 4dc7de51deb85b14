using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Qemu;

/// <summary>What a machine's processor is made of, by QEMU's names.</summary>
internal static class Accelerators
{
    public const string Auto = "auto";
    public const string Kvm = "kvm";
    public const string Emulation = "tcg";

    public static readonly IReadOnlyList<string> All = [Auto, Kvm, Emulation];

    public static Isolation Isolates(string accelerator) => accelerator == Kvm ? Isolation.VirtualMachine : Isolation.EmulatedMachine;
}
