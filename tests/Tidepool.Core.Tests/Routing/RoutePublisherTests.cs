using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Routing;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Routing;

public sealed class RoutePublisherTests
{
    [Theory]
    [InlineData(DesiredState.Running, WorkspaceStatus.Running, true)]
    [InlineData(DesiredState.Running, WorkspaceStatus.Starting, true)]
    [InlineData(DesiredState.Running, WorkspaceStatus.Error, false)]
    [InlineData(DesiredState.Stopped, WorkspaceStatus.Stopping, false)]
    [InlineData(DesiredState.Deleted, WorkspaceStatus.Deleting, false)]
    public void Only_what_is_wanted_running_has_a_route(DesiredState desired, WorkspaceStatus status, bool routed)
    {
        var workspace = Sample.Workspace(desired, status) with { Address = Sample.Address };
        Assert.Equal(routed, RoutePublisher.Wanted([workspace], null).Count == 1);
    }

    [Fact]
    public void A_workspace_without_an_address_has_no_route() => Assert.Empty(RoutePublisher.Wanted([Sample.Workspace()], null));

    [Fact]
    public async Task Calls_that_come_during_a_change_are_answered_together_by_the_next_one()
    {
        using var store = await TestStore.OpenAsync();
        var table = new SlowTable();
        var publisher = new RoutePublisher(store.Store, table, Sample.Boundary(store.Store, new InMemoryRuntime()), new LifecycleOptions(), new FakeTimeProvider(), NullLogger<RoutePublisher>.Instance);
        using var stop = new CancellationTokenSource();
        var running = publisher.RunAsync((_, _, _) => Task.CompletedTask, stop.Token);
        await table.Entered.WaitAsync(TestContext.Current.CancellationToken);

        var asked = Enumerable.Range(0, 50).Select(_ => publisher.PublishAsync()).ToList();
        Assert.All(asked, task => Assert.False(task.IsCompleted));
        table.Gate.Release(2);
        Assert.All(await Task.WhenAll(asked), Assert.True);

        Assert.Equal(2, table.Calls);
        await stop.CancelAsync();
        table.Gate.Release();
        await running;
    }

    [Fact]
    public async Task A_runtime_that_hangs_keeps_no_route_from_being_applied_once_the_network_is_known()
    {
        using var store = await TestStore.OpenAsync();
        var time = new FakeTimeProvider();
        var runtime = new InMemoryRuntime();
        var table = new SlowTable();
        table.Gate.Release(100);
        using var boundary = Sample.Boundary(store.Store, runtime);
        await boundary.EnsureAsync(TestContext.Current.CancellationToken);
        runtime.NetworkHangs = true;
        var publisher = new RoutePublisher(store.Store, table, boundary, new LifecycleOptions(), time, NullLogger<RoutePublisher>.Instance);
        using var stop = new CancellationTokenSource();
        var asked = publisher.PublishAsync();
        var running = publisher.RunAsync((_, _, _) => Task.CompletedTask, stop.Token);
        while (!asked.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.True(await asked);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_proxy_that_is_down_is_reported_to_the_waiting_callers_and_tried_again()
    {
        using var store = await TestStore.OpenAsync();
        var time = new FakeTimeProvider();
        var table = new SlowTable { Fails = true };
        table.Gate.Release(100);
        var publisher = new RoutePublisher(store.Store, table, Sample.Boundary(store.Store, new InMemoryRuntime()), new LifecycleOptions(), time, NullLogger<RoutePublisher>.Instance);
        using var stop = new CancellationTokenSource();
        var asked = publisher.PublishAsync();
        var running = publisher.RunAsync((_, _, _) => Task.CompletedTask, stop.Token);

        Assert.False(await asked);
        table.Fails = false;
        Assert.True(await publisher.PublishAsync());

        await stop.CancelAsync();
        await running;
    }

    private sealed class SlowTable : IRouteTable
    {
        public SemaphoreSlim Gate { get; } = new(0);

        public SemaphoreSlim Entered { get; } = new(0);

        public bool Fails { get; set; }

        public int Calls { get; private set; }

        public Task<bool> RefreshAsync(CancellationToken cancellationToken) => Task.FromResult(false);

        public async Task<bool> ApplyAsync(IReadOnlyList<WorkspaceRoute> wanted, CancellationToken cancellationToken)
        {
            Calls++;
            Entered.Release();
            await Gate.WaitAsync(cancellationToken);
            return Fails ? throw new RouteTableException("Caddy is down.") : true;
        }
    }
}
