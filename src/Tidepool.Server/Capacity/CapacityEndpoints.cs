using Microsoft.AspNetCore.Http.HttpResults;
using Tidepool.Contracts;
using Tidepool.Core.Capacity;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Hosting;
using Tidepool.Server.Workspaces;

namespace Tidepool.Server.Capacity;

/// <summary><c>/api/capacity</c>.</summary>
internal static class CapacityEndpoints
{
    public static void MapCapacity(this IEndpointRouteBuilder api) =>
        api.MapGet("/capacity", GetAsync).WithTags("Capacity").WithSummary("How much there is for all workspaces together, who has it, and which running one was not used for longest.")
            .Produces<CapacityResponse>().Problems();

    private static async Task<Ok<CapacityResponse>> GetAsync(IWorkspaceStore store, CapacityBudget budget, CancellationToken cancellationToken) =>
        TypedResults.Ok(Describe(budget, await store.ListAllAsync(cancellationToken)));

    internal static CapacityResponse Describe(CapacityBudget budget, IReadOnlyList<Workspace> workspaces)
    {
        var inUse = CapacityAmount.Of(workspaces, budget);
        return new CapacityResponse(
            new CapacityAmountResponse(budget.MemoryMiB, budget.Cpus, budget.DiskMiB),
            new CapacityAmountResponse(inUse.MemoryMiB, inUse.Cpus, inUse.DiskMiB),
            new CapacityAmountResponse(
                budget.Left(CapacityResource.Memory, inUse), budget.Left(CapacityResource.Cpu, inUse), budget.DiskMiB is null ? null : budget.Left(CapacityResource.Disk, inUse)),
            [.. AccessOrder.NewestFirst(workspaces).Select(workspace => ToResponse(workspace, CapacityAmount.Of(workspace, budget)))],
            AccessOrder.LeastRecent(workspaces)?.ToLeastRecentlyAccessed());
    }

    public static LeastRecentlyAccessedResponse ToLeastRecentlyAccessed(this Workspace workspace) =>
        new(workspace.Id.ToString(), workspace.Name.Value, workspace.LastAccessedAt);

    private static WorkspaceCapacityResponse ToResponse(Workspace workspace, CapacityAmount takes) =>
        new(workspace.Id.ToString(), workspace.Name.Value, workspace.Status.ToWire(), takes.MemoryMiB, takes.Cpus, takes.DiskMiB, workspace.LastAccessedAt);
}
