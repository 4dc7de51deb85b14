using Microsoft.Extensions.Logging;
using Tidepool.Core.Activities;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Lifecycle;

/// <summary>
/// Machines of ours that no workspace names. If this database records the workspace's deletion, a late request left the machine,
/// and it is removed. Any other is kept and reported, because its disk may hold a user's work: the database may be new, or older than it.
/// </summary>
public sealed partial class OrphanMachines(IWorkspaceStore store, IActivityStore activities, IWorkspaceRuntime runtime, ILogger<OrphanMachines> logger)
{
    /// <summary>Those that this database does not know, as of the last check.</summary>
    public IReadOnlyList<InstanceName> Unknown { get; private set; } = [];

    /// <summary>The report of them to the owner; null if there are none.</summary>
    public string? Describe() =>
        Unknown.Count == 0 ? null : $"{Unknown.Count} machines belong to no workspace in the database and are left alone: {string.Join(", ", Unknown)}.";

    /// <param name="workspaces">All that there are; the machine of a workspace created since is no orphan.</param>
    /// <param name="seen">All machines of ours.</param>
    /// <param name="cancellationToken">Ends the check between two machines.</param>
    /// <exception cref="RuntimeException">One could not be removed; the next check tries again.</exception>
    public async Task LookAsync(IReadOnlyList<Workspace> workspaces, IReadOnlyList<InstanceObservation> seen, CancellationToken cancellationToken)
    {
        var named = workspaces.Select(workspace => workspace.Instance).ToHashSet();
        var unknown = new List<InstanceName>();
        foreach (var machine in seen.Select(observation => observation.Name).Where(name => !named.Contains(name)))
        {
            // A workspace is recorded before its machine is made: what is still not there now never comes.
            if (await store.FindAsync(machine.Workspace, cancellationToken) is not null)
            {
                continue;
            }

            if (await WasDeletedAsync(machine.Workspace, cancellationToken))
            {
                LogRemoving(machine);
                await runtime.DeleteAsync(machine, cancellationToken);
            }
            else
            {
                unknown.Add(machine);
            }
        }

        if (unknown.Count > 0 && !unknown.ToHashSet().SetEquals(Unknown))
        {
            LogUnknown(string.Join(", ", unknown));
        }

        Unknown = unknown;
    }

    /// <summary>The last that the audit trail, which outlives a workspace, says of it: recorded in one step with its removal.</summary>
    private async Task<bool> WasDeletedAsync(WorkspaceId workspace, CancellationToken cancellationToken) =>
        (await activities.ListAsync(workspace, 1, null, cancellationToken)).Items is [{ Verb: Verbs.Delete, Outcome: ActivityOutcome.Succeeded }];

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} is left over from a workspace that was deleted, and is removed.")]
    private partial void LogRemoving(InstanceName instance);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machines that no workspace names are left alone: {Instances}.")]
    private partial void LogUnknown(string instances);
}
