using Tidepool.Core.Capacity;
using Tidepool.Host.Capacity;

namespace Tidepool.Core.Tests.Capacity;

public sealed class CapacityBudgetTests
{
    private static readonly HostResources Host = new(MemoryMiB: 20_480, Cores: 4);

    [Fact]
    public void What_is_not_given_follows_from_the_machine() =>
        Assert.Equal(new CapacityBudget(20_480 - 1024 - 1024, 64, 80 * 1024, 1024), CapacityBudget.Of(Host, new CapacityOptions(), poolGiB: 80));

    [Fact]
    public void What_is_given_counts()
    {
        var options = new CapacityOptions { MemoryMiB = 4096, CpuOversubscription = 1.5, DiskMiB = 2048, DiskPerWorkspaceMiB = 100 };
        Assert.Equal(new CapacityBudget(4096, 6, 2048, 100), CapacityBudget.Of(Host, options, poolGiB: 80));
    }

    [Fact]
    public void A_reserve_that_is_given_is_kept() =>
        Assert.Equal(16_384, CapacityBudget.Of(Host, new CapacityOptions { MemoryReserveMiB = 4096 }, null).MemoryMiB);

    [Fact]
    public void A_machine_too_small_has_nothing_to_give_and_not_less() =>
        Assert.Equal(new CapacityBudget(0, 1, null, 1024), CapacityBudget.Of(new HostResources(512, 1), new CapacityOptions { CpuOversubscription = 0.5 }, null));

    [Fact]
    public void The_kernel_says_how_much_memory_there_is()
    {
        Assert.Equal(23_999, KernelResources.ParseTotal(["MemTotal:       24575540 kB", "MemFree:         1000 kB"]));
        Assert.Null(KernelResources.ParseTotal(["MemFree:         1000 kB"]));
        Assert.True(KernelResources.Read() is { MemoryMiB: > 0, Cores: > 0 });
    }

    [Fact]
    public void What_cannot_be_used_is_refused_with_every_fault()
    {
        var options = new CapacityOptions { MemoryMiB = 0, CpuOversubscription = 0 };
        var fault = Assert.Throws<System.ComponentModel.DataAnnotations.ValidationException>(() => CapacityBudget.Of(Host, options, null));
        Assert.Contains(nameof(CapacityOptions.MemoryMiB), fault.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(CapacityOptions.CpuOversubscription), fault.Message, StringComparison.Ordinal);
    }
}
