using System.Net;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Host.Startup;

/// <summary>The options of this <c>up</c>; null for an option that was not given: its stored value stays in force.</summary>
public sealed record UpRequest(int? Port, int? WorkspacePort, string? Listen, bool? Nat, int? PoolSizeGiB, bool Yes, bool Detach)
{
    /// <summary>Where workspaces are to run: a runtime's word, or <c>auto</c>.</summary>
    public string? Runtime { get; init; }

    /// <summary>The names by which browsers reach this Tidepool; an empty one stands for none.</summary>
    public IReadOnlyList<string>? HostNames { get; init; }

    /// <summary>What running workspaces may have in memory, in MiB.</summary>
    public int? WorkspaceMemory { get; init; }

    /// <summary>How many cores of workspaces each core of this machine stands for.</summary>
    public double? CpuOversubscription { get; init; }

    /// <summary>Puts it into the settings; true if that changed any of them.</summary>
    public bool ApplyTo(Settings settings, RuntimeCatalog runtimes)
    {
        var before = settings.ToJson();
        settings.ApiPort = Port ?? settings.ApiPort;
        settings.WorkspacePort = WorkspacePort ?? settings.WorkspacePort;
        settings.Listen = Listen ?? settings.Listen;
        settings.HostNames = HostNames is null ? settings.HostNames : [.. HostNames.Where(name => name.Length > 0).Select(name => name.ToLowerInvariant()).Distinct()];
        settings.Runtime = Runtime ?? settings.Runtime;
        foreach (var runtime in Nat is null && PoolSizeGiB is null ? [] : runtimes.All)
        {
            runtime.Apply(settings, Nat, PoolSizeGiB);
        }

        if (settings.ApiPort == settings.WorkspacePort)
        {
            throw new CommandException($"The app and the workspaces cannot share port {settings.ApiPort}: two ports keep a workspace's page from acting as you.", ExitCodes.Usage);
        }

        if (settings.ApiPort is < 1 or >= NetworkNames.FirstNatPort || settings.WorkspacePort is < 1 or >= NetworkNames.FirstNatPort)
        {
            throw new CommandException($"A port is a number from 1 to {NetworkNames.FirstNatPort - 1}: the connections of workspaces leave this machine under the higher ones.", ExitCodes.Usage);
        }

        if (!IPAddress.TryParse(settings.Listen, out _))
        {
            throw new CommandException($"'{settings.Listen}' is no address to listen on; 127.0.0.1 is this machine only, 0.0.0.0 is all networks.", ExitCodes.Usage);
        }

        if (settings.HostNames?.FirstOrDefault(name => Uri.CheckHostName(name) != UriHostNameType.Dns) is { } wrong)
        {
            throw new CommandException($"'{wrong}' is no host name. Name it alone, without http:// and without a port, for example pool.example.org.", ExitCodes.Usage);
        }

        if (WorkspaceMemory is < 1 || CpuOversubscription is < 0.1 or > 1000)
        {
            throw new CommandException("The workspaces' memory is a number of MiB above zero, and each core can stand for 0.1 to 1000 of theirs.", ExitCodes.Usage);
        }

        if (WorkspaceMemory is not null || CpuOversubscription is not null)
        {
            settings.Capacity ??= new CapacitySettings();
            settings.Capacity.MemoryMiB = WorkspaceMemory ?? settings.Capacity.MemoryMiB;
            settings.Capacity.CpuOversubscription = CpuOversubscription ?? settings.Capacity.CpuOversubscription;
        }

        return settings.ToJson() != before;
    }
}
