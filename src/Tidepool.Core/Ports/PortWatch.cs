using System.Net;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Ports;

/// <summary>Keeps each registered port's <see cref="WorkspacePort.Answers"/> what is seen. Writes only news.</summary>
public sealed class PortWatch(IWorkspaceStore store, IPortProbe probe)
{
    private const int AtOnce = 32;

    /// <summary>One check of every registered port.</summary>
    /// <exception cref="StoreException">The database cannot be asked.</exception>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var workspaces = (await store.ListAllAsync(cancellationToken)).Where(w => w.Ports.Count > 0);
        await Parallel.ForEachAsync(
            workspaces,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (workspace, token) => await LookAsync(workspace, token));
    }

    private async Task LookAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        var seen = await Task.WhenAll(workspace.Ports.Select(async port => port with { Answers = await AnswersAsync(workspace, port.Port, cancellationToken) }));
        if (!seen.SequenceEqual(workspace.Ports))
        {
            // If another write was faster, the next check saves it.
            await store.TrySavePortsSeenAsync(workspace with { Ports = seen }, cancellationToken);
        }
    }

    private async Task<bool> AnswersAsync(Workspace workspace, PortNumber port, CancellationToken cancellationToken) =>
        workspace is { Status: WorkspaceStatus.Running, Address: { } address } && await probe.AnswersAsync(new IPEndPoint(address, port.Value), cancellationToken);
}
