using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Tidepool.Core.Network;
using Tidepool.Core.Ports;
using Tidepool.Core.Routing;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Network;

public sealed class BoundaryKeeperTests
{
    private static readonly WorkspaceNetwork Bridge = new("tp0", "tw", IPAddress.Parse("10.0.0.1"), IPNetwork.Parse("10.0.0.0/24"), true, []);

    [Theory]
    [InlineData("10.0.0.5", true)]
    [InlineData("10.0.0.1", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    public void The_proxy_is_led_to_the_bridges_own_subnet_only(string address, bool routed)
    {
        var workspace = Sample.Workspace(DesiredState.Running, WorkspaceStatus.Running) with { Address = IPAddress.Parse(address) };
        Assert.Equal(routed, RoutePublisher.Wanted([workspace], Bridge).Count == 1);
    }

    [Theory]
    [InlineData(DesiredState.Running, "10.0.0.5", true)]
    [InlineData(DesiredState.Stopped, "10.0.0.5", false)]
    [InlineData(DesiredState.Running, "10.1.0.5", false)]
    public void The_registered_ports_of_what_is_to_run_are_opened(DesiredState desired, string address, bool opened)
    {
        var workspace = Sample.Workspace(desired, WorkspaceStatus.Running) with
        {
            Address = IPAddress.Parse(address),
            Ports = [new WorkspacePort(PortNumber.Parse(3000), null)],
        };
        Assert.Equal(opened, BoundaryKeeper.Opened(Bridge, [workspace]).Count == 1);
    }

    [Fact]
    public async Task A_runtime_with_a_network_boundary_of_its_own_gets_no_other()
    {
        using var store = await TestStore.OpenAsync();
        var firewall = new InMemoryBoundary();
        using var keeper = new BoundaryKeeper(store.Store, new InMemoryRuntime(), firewall, NullLogger<BoundaryKeeper>.Instance);
        await keeper.EnsureAsync(TestContext.Current.CancellationToken);
        Assert.True(keeper.IsKnown);
        Assert.Null(firewall.Standing);
    }

    [Fact]
    public async Task The_network_boundary_is_put_up_around_whatever_network_the_runtime_reports()
    {
        using var store = await TestStore.OpenAsync();
        var firewall = new InMemoryBoundary();
        using var keeper = new BoundaryKeeper(store.Store, new InMemoryRuntime { Network = Bridge }, firewall, NullLogger<BoundaryKeeper>.Instance);
        await keeper.EnsureAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Bridge, firewall.Standing!.Network);
    }

    [Fact]
    public async Task Removed_rules_are_put_back_while_another_check_hangs()
    {
        using var store = await TestStore.OpenAsync();
        var firewall = new InMemoryBoundary();
        var runtime = new InMemoryRuntime { Network = Bridge };
        using var keeper = new BoundaryKeeper(store.Store, runtime, firewall, NullLogger<BoundaryKeeper>.Instance);
        await keeper.EnsureAsync(TestContext.Current.CancellationToken);

        runtime.NetworkHangs = true;
        using var end = new CancellationTokenSource();
        var hanging = keeper.EnsureAsync(end.Token);
        firewall.Remove();
        await keeper.RestoreAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Bridge, firewall.Standing?.Network);
        Assert.False(hanging.IsCompleted);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hanging);
    }
}
