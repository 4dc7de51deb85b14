using Microsoft.Extensions.Logging;
using Tidepool.Core.Capacity;
using Tidepool.Core.Jobs;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;

namespace Tidepool.Core.Lifecycle;

/// <summary>Compares what is wanted with what exists, enqueues a job for each workspace that differs, and checks orphan machines.</summary>
public sealed partial class Sweeper(
    IWorkspaceStore store, IWorkspaceRuntime runtime, IJobQueue queue, BudgetKeeper keeper, OrphanMachines orphans, ILogger<Sweeper> logger)
{
    /// <summary>One sweep. Returns how many workspaces were enqueued.</summary>
    /// <exception cref="RuntimeException">The runtime did not answer; what is unsettled was enqueued all the same.</exception>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var workspaces = await store.ListAllAsync(cancellationToken);
        IReadOnlyList<InstanceObservation>? seen = null;
        RuntimeException? fault = null;
        try
        {
            seen = await runtime.ObserveAllAsync(cancellationToken);
        }
        catch (RuntimeException unreachable)
        {
            fault = unreachable;
        }

        var byName = seen?.ToDictionary(observation => observation.Name);
        if (byName is not null)
        {
            await keeper.KeepAsync(workspaces, workspace => byName.GetValueOrDefault(workspace.Instance) is { State: InstanceState.Running }, cancellationToken);
        }

        var count = 0;

        // Jobs are taken in the order that they were left in: what was used last comes back first.
        foreach (var workspace in AccessOrder.NewestFirst(workspaces))
        {
            var agrees = byName is null ? workspace.IsSettled : LifecyclePlan.Agrees(workspace, byName.GetValueOrDefault(workspace.Instance));
            if (!agrees)
            {
                await queue.SendAsync(new Job(workspace.Id), TimeSpan.Zero, cancellationToken);
                count++;
            }
        }

        if (count > 0)
        {
            LogSwept(count, workspaces.Count);
        }

        if (seen is null)
        {
            throw fault!;
        }

        await orphans.LookAsync(workspaces, seen, cancellationToken);
        return count;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} of {Total} workspaces are not as wanted and will be reconciled.")]
    private partial void LogSwept(int count, int total);
}
