using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Capacity;
using Tidepool.Core.Workspaces;
using Tidepool.Host.State;
using Tidepool.Server.Capacity;

namespace Tidepool.Server.Tests.Capacity;

public sealed class CapacityEndpointsTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly CapacityBudget Budget = new(8192, 8, 10_240, 1024);

    [Fact]
    public void It_shows_the_capacity_its_use_and_which_workspace_to_stop()
    {
        var capacity = CapacityEndpoints.Describe(Budget, [
            Workspace("old", DesiredState.Running, Noon),
            Workspace("new", DesiredState.Running, Noon.AddHours(1)),
            Workspace("off", DesiredState.Stopped, Noon.AddHours(-1)),
        ]);

        Assert.Equal(new(8192, 8, 10_240), capacity.Budget);
        Assert.Equal(new(2048, 4, 3072), capacity.InUse);
        Assert.Equal(new(6144, 4, 7168), capacity.Available);
        Assert.Equal(["new", "old", "off"], capacity.Workspaces.Select(w => w.Name));
        Assert.Equal((0, 0, 1024), (capacity.Workspaces[2].MemoryMiB, capacity.Workspaces[2].Cpus, capacity.Workspaces[2].DiskMiB));
        Assert.Equal(("old", Noon), (capacity.LeastRecentlyAccessed!.Name, capacity.LeastRecentlyAccessed.LastAccessedAt!.Value));
    }

    [Theory]
    [InlineData("incus", 40 * 1024)]
    [InlineData("qemu", null)]
    [InlineData(null, null)]
    public void Only_the_pool_of_the_runtime_in_use_limits_the_disks(string? runtime, int? diskMiB)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("RuntimeInUse", runtime), new("Incus:PoolSizeGiB", "40")]).Build();
        using var services = new ServiceCollection().AddCapacity(settings, new StateDirectory("/state")).BuildServiceProvider();
        Assert.Equal(diskMiB, services.GetRequiredService<CapacityBudget>().DiskMiB);
    }

    [Fact]
    public void Where_nothing_runs_and_no_disk_is_limited_it_says_neither()
    {
        var capacity = CapacityEndpoints.Describe(Budget with { DiskMiB = null }, []);
        Assert.Null(capacity.LeastRecentlyAccessed);
        Assert.Null(capacity.Budget.DiskMiB);
        Assert.Null(capacity.Available.DiskMiB);
    }

    internal static Workspace Workspace(string name, DesiredState desired, DateTimeOffset accessedAt) => new()
    {
        Id = WorkspaceId.New(TimeProvider.System),
        Name = WorkspaceName.Parse(name),
        Image = "default",
        Cpus = 2,
        MemoryMiB = 1024,
        Desired = desired,
        Status = desired == DesiredState.Running ? WorkspaceStatus.Running : WorkspaceStatus.Stopped,
        CreatedAt = Noon,
        UpdatedAt = Noon,
        LastAccessedAt = accessedAt,
    };
}
