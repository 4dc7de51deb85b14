namespace Tidepool.Contracts;

/// <summary>The capacity for all workspaces together, and its use.</summary>
/// <param name="Budget">All there is.</param>
/// <param name="InUse">What is taken.</param>
/// <param name="Available">What is left.</param>
/// <param name="Workspaces">The use by each workspace, the most recently accessed first.</param>
/// <param name="LeastRecentlyAccessed">The running workspace to stop where room is needed.</param>
public sealed record CapacityResponse(
    CapacityAmountResponse Budget,
    CapacityAmountResponse InUse,
    CapacityAmountResponse Available,
    IReadOnlyList<WorkspaceCapacityResponse> Workspaces,
    LeastRecentlyAccessedResponse? LeastRecentlyAccessed);

/// <summary>An amount of each resource.</summary>
/// <param name="MemoryMiB">Memory of the workspaces that are wanted running, in MiB.</param>
/// <param name="Cpus">Cores of the workspaces that are wanted running.</param>
/// <param name="DiskMiB">Disk of all, in MiB; null if it is unlimited.</param>
public sealed record CapacityAmountResponse(long MemoryMiB, long Cpus, long? DiskMiB);

/// <summary>What one workspace takes: its disk as long as it exists, memory and cores while it is wanted running.</summary>
public sealed record WorkspaceCapacityResponse(
    string Id, string Name, WorkspaceStatus Status, long MemoryMiB, long Cpus, long DiskMiB, DateTimeOffset? LastAccessedAt);

/// <summary>The running workspace that was not used for longest.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="LastAccessedAt">When it was last used; null if it never was.</param>
public sealed record LeastRecentlyAccessedResponse(string Id, string Name, DateTimeOffset? LastAccessedAt);
