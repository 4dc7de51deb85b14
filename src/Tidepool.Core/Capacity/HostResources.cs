namespace Tidepool.Core.Capacity;

/// <summary>What the machine has that the workspaces run on.</summary>
public sealed record HostResources(long MemoryMiB, int Cores);
