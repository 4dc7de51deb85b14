using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Tart;

/// <summary>Registers the Tart runtime.</summary>
public static class TartRegistration
{
    /// <summary>Workspaces as virtual machines on macOS.</summary>
    public static IServiceCollection AddTartRuntime(this IServiceCollection services, Action<TartOptions> configure)
    {
        services.AddOptions<TartOptions>().Configure(configure)
            .Validate(o => Path.IsPathFullyQualified(o.Notes), "Tart:Notes is the full path of a directory.")
            .Validate(o => o.DiskGiB > 0, "Tart:DiskGiB is a size above zero.");
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<TartCommand>();
        services.AddSingleton<TartNotes>();
        services.AddSingleton<TartImages>();
        services.AddSingleton<IWorkspaceRuntime, TartRuntime>();
        return services;
    }
}
