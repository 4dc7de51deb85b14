using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Capacity;

/// <summary>Something that there is only so much of. Memory and disk are counted in MiB, processors in cores.</summary>
public enum CapacityResource
{
    Memory,
    Cpu,
    Disk,
}

/// <summary>An amount of each resource.</summary>
public sealed record CapacityAmount(long MemoryMiB, long Cpus, long DiskMiB)
{
    public static readonly CapacityAmount None = new(0, 0, 0);

    public static CapacityAmount operator +(CapacityAmount one, CapacityAmount other) =>
        new(one.MemoryMiB + other.MemoryMiB, one.Cpus + other.Cpus, one.DiskMiB + other.DiskMiB);

    /// <summary>What a workspace takes: its disk as long as it exists, memory and processors while it is wanted running.</summary>
    public static CapacityAmount Of(Workspace workspace, CapacityBudget budget) => IsRunning(workspace)
        ? new CapacityAmount(workspace.MemoryMiB, workspace.Cpus, budget.DiskPerWorkspaceMiB)
        : None with { DiskMiB = budget.DiskPerWorkspaceMiB };

    public static CapacityAmount Of(IEnumerable<Workspace> workspaces, CapacityBudget budget) =>
        workspaces.Aggregate(None, (sum, workspace) => sum + Of(workspace, budget));

    /// <summary>Whether it has its share of memory and processors: it is wanted running, and whatever it is seen doing, it was not given up.</summary>
    public static bool IsRunning(Workspace workspace) => workspace is { Desired: DesiredState.Running, Status: not WorkspaceStatus.Error };
}
