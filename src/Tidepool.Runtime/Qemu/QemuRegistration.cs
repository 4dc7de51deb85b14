using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Qemu;

/// <summary>Registers the QEMU runtime.</summary>
public static class QemuRegistration
{
    /// <summary>Workspaces as virtual machines of one QEMU process each, with no daemon.</summary>
    public static IServiceCollection AddQemuRuntime(this IServiceCollection services, Action<QemuOptions> configure)
    {
        services.AddOptions<QemuOptions>().Configure(configure)
            .Validate(o => Path.IsPathFullyQualified(o.Directory), "Qemu:Directory is the full path of a directory.")
            .Validate(o => o.DiskGiB > 0, "Qemu:DiskGiB is a size above zero.")
            .Validate(o => Accelerators.All.Contains(o.Accelerator), "Qemu:Accelerator is one of auto, kvm, tcg.")
            .Validate(o => o.Bridge.Length is > 0 and <= 15, "Qemu:Bridge has at most 15 characters.");
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<QemuDirectory>();
        services.AddSingleton<MachineFiles>();
        services.AddSingleton<MachineLocks>();
        services.AddSingleton<MachineLaunch>();
        services.AddSingleton<MachineMaking>();
        services.AddSingleton<MachineDriver>();
        services.AddSingleton<QemuImages>();
        services.AddSingleton<QemuNetwork>();
        services.AddSingleton<KvmProbe>();
        services.AddSingleton<IWorkspaceRuntime, QemuRuntime>();
        return services;
    }
}
