using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Capacity;

/// <summary>Whether there is room for what is wanted. Pure; the store asks inside the transaction that writes it.</summary>
public static class Admission
{
    /// <summary>
    /// Why there is no room for the workspace as wanted; null if there is, or if it takes no more than it already does. What stopping
    /// cannot help comes first, so that no user stops a workspace in vain.
    /// </summary>
    /// <param name="budget">How much there is.</param>
    /// <param name="stored">All workspaces, this one as it was among them if it exists.</param>
    /// <param name="wanted">The workspace as it is wanted.</param>
    public static Refusal.CapacityExhausted? Refuse(CapacityBudget budget, IReadOnlyCollection<Workspace> stored, Workspace wanted)
    {
        var before = stored.FirstOrDefault(workspace => workspace.Id == wanted.Id);
        var had = before is null ? CapacityAmount.None : CapacityAmount.Of(before, budget);
        var wants = CapacityAmount.Of(wanted, budget);
        var others = CapacityAmount.Of(stored.Where(workspace => workspace.Id != wanted.Id), budget);
        (CapacityResource Resource, long Has, long Needs)[] resources =
        [
            (CapacityResource.Disk, had.DiskMiB, wants.DiskMiB),
            (CapacityResource.Memory, had.MemoryMiB, wants.MemoryMiB),
            (CapacityResource.Cpu, had.Cpus, wants.Cpus),
        ];
        return resources
            .Where(r => r.Needs > r.Has && r.Needs > budget.Left(r.Resource, others))
            .Select(r =>
            {
                // Stopping helps where it frees what is missing, and where there is enough in all.
                var total = budget.Left(r.Resource, CapacityAmount.None);
                var helps = r.Resource != CapacityResource.Disk && r.Needs <= total;
                return new Refusal.CapacityExhausted(r.Resource, r.Needs, budget.Left(r.Resource, others), total, helps ? AccessOrder.LeastRecent(stored, wanted.Id) : null);
            })
            .OrderBy(refusal => refusal.LeastRecentlyAccessed is null ? 0 : 1)
            .FirstOrDefault();
    }

    /// <summary>
    /// The workspaces wanted running for which the smaller budget has no room: of those that are not up, the least recently used.
    /// What is up stays.
    /// </summary>
    public static IReadOnlyList<Workspace> TooMany(CapacityBudget budget, IReadOnlyCollection<Workspace> stored, Func<Workspace, bool> isUp)
    {
        var running = stored.Where(CapacityAmount.IsRunning).ToList();
        var inUse = CapacityAmount.Of(running.Where(isUp), budget);
        var tooMany = new List<Workspace>();
        foreach (var workspace in AccessOrder.NewestFirst(running.Where(workspace => !isUp(workspace))))
        {
            if (workspace.MemoryMiB <= budget.Left(CapacityResource.Memory, inUse) && workspace.Cpus <= budget.Left(CapacityResource.Cpu, inUse))
            {
                inUse += CapacityAmount.Of(workspace, budget);
            }
            else
            {
                tooMany.Add(workspace);
            }
        }

        return tooMany;
    }
}
