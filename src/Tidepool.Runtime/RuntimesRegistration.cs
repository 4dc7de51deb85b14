using Tidepool.Host.Runtimes;

namespace Tidepool.Runtime;

/// <summary>All runtimes. A new one is its folder and a line here.</summary>
public static class RuntimesRegistration
{
    /// <summary>In the order in which they are preferred.</summary>
    public static RuntimeCatalog Runtimes { get; } = new(
    [
        new Incus.IncusDescriptor(),
        new Qemu.QemuDescriptor(),
        new Tart.TartDescriptor(),
    ]);
}
