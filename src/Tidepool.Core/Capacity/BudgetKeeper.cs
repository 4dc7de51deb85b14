using Microsoft.Extensions.Logging;
using Tidepool.Core.Activities;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Capacity;

/// <summary>
/// Keeps what comes back after a restart within the budget. Admission already keeps it there; but the machine may have less
/// memory than it had, or its owner may want to give less.
/// </summary>
public sealed partial class BudgetKeeper(IWorkspaceStore store, CapacityBudget budget, LifecycleOptions options, TimeProvider time, ILogger<BudgetKeeper> logger)
{
    /// <summary>Wants stopped what there is no room for any more. Repeatable: where all fits, it only checks.</summary>
    public async Task KeepAsync(IReadOnlyCollection<Workspace> workspaces, Func<Workspace, bool> isUp, CancellationToken cancellationToken)
    {
        foreach (var workspace in Admission.TooMany(budget, workspaces, isUp))
        {
            var now = time.GetUtcNow();
            var activity = new Activity(
                workspace.Id, workspace.Name, Verbs.Stop, Actor.System, ActivityOutcome.Requested, "There is no room for it on this machine any more. Stop another and start it again.", null, now);

            // If another write was faster, the next sweep checks what is wanted then.
            if (WorkspaceIntents.Stop(workspace, options, now) is Decision.Accepted accepted
                && await store.TrySaveIntentAsync(accepted.Workspace, activity, cancellationToken))
            {
                LogNoRoom(workspace.Name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "There is no room for {WorkspaceName} any more; it is wanted stopped.")]
    private partial void LogNoRoom(WorkspaceName workspaceName);
}
