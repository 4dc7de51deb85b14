using System.Net;
using Microsoft.Extensions.Logging;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Network;

/// <summary>Keeps the network boundary around the workspaces as the runtime and the database say. No machine is started before it is up.</summary>
public sealed partial class BoundaryKeeper(IWorkspaceStore store, IWorkspaceRuntime runtime, INetworkBoundary boundary, ILogger<BoundaryKeeper> logger)
    : IDisposable
{
    private readonly SemaphoreSlim oneWriter = new(1);

    /// <summary>Held only while the firewall is asked, never while the runtime or the database is.</summary>
    private readonly SemaphoreSlim oneChange = new(1);
    private NetworkRules? last;

    /// <summary>Whether the runtime has ever reported its network to this process.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>The network as last reported; null if the runtime has a network boundary of its own, or if nothing is known yet.</summary>
    public WorkspaceNetwork? Known { get; private set; }

    /// <summary>Returns once the firewall rules that are needed now are in force.</summary>
    /// <exception cref="RuntimeException">They could not be applied, or the runtime cannot be asked.</exception>
    /// <exception cref="StoreException">The database cannot be asked.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await oneWriter.WaitAsync(cancellationToken);
        try
        {
            Known = await runtime.FindNetworkAsync(cancellationToken);
            IsKnown = true;
            if (Known is not { } network)
            {
                return;
            }

            var opened = Opened(network, await store.ListAllAsync(cancellationToken));
            if (await ChangeAsync(new NetworkRules(network, opened), cancellationToken))
            {
                LogApplied(network.Links.Count, opened.Count);
            }
        }
        finally
        {
            oneWriter.Release();
        }
    }

    /// <summary>
    /// Puts the last rules back if any of them is missing. It asks neither the runtime nor the database, so rules
    /// that another program removed do not wait for a runtime that hangs.
    /// </summary>
    /// <exception cref="RuntimeException">They could not be put up.</exception>
    public Task RestoreAsync(CancellationToken cancellationToken) => ChangeAsync(null, cancellationToken);

    /// <summary>Where the host may connect: the registered ports of what is to run.</summary>
    public static IReadOnlyList<IPEndPoint> Opened(WorkspaceNetwork network, IEnumerable<Workspace> workspaces) =>
        [.. workspaces
            .Where(w => w is { Desired: DesiredState.Running, Address: not null } && network.Admits(w.Address))
            .SelectMany(w => w.Ports.Select(p => new IPEndPoint(w.Address!, p.Port.Value)))
            .OrderBy(e => e.Address.ToString(), StringComparer.Ordinal).ThenBy(e => e.Port)];

    public void Dispose()
    {
        oneWriter.Dispose();
        oneChange.Dispose();
    }

    /// <summary>Whether anything had to change for these rules, or for the last ones, to stand.</summary>
    private async Task<bool> ChangeAsync(NetworkRules? rules, CancellationToken cancellationToken)
    {
        await oneChange.WaitAsync(cancellationToken);
        try
        {
            last = rules ?? last;
            return last is not null && await boundary.ApplyAsync(last, cancellationToken);
        }
        finally
        {
            oneChange.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The network boundary was put up around {Machines} machines with {Ports} opened ports.")]
    private partial void LogApplied(int machines, int ports);
}
