using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Network;
using Tidepool.Core.Routing;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Runtime.Incus;
using Tidepool.Testing;

namespace Tidepool.Runtime.Tests;

/// <summary>A real Incus behind a socket on which requests and answers get lost, cut, late and wrong.</summary>
public sealed class IncusFaultTests(IncusRuntimeTests.Host host) : IClassFixture<IncusRuntimeTests.Host>, IAsyncLifetime
{
    private readonly LifecycleOptions options = new() { PollInterval = TimeSpan.FromMilliseconds(20), RouteWait = TimeSpan.Zero, SecondLook = TimeSpan.FromMilliseconds(20) };
    private readonly InMemoryStore store = new(new InMemoryJobTable(), TimeProvider.System);
    private FaultySocket? seam;
    private ServiceProvider? services;

    private IWorkspaceRuntime Runtime => services!.GetRequiredService<IWorkspaceRuntime>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        host.SkipIfMissing();
        seam = new FaultySocket(host.Daemon.Socket);
        services = new ServiceCollection().AddLogging().AddIncusRuntime(incus =>
        {
            host.Configure(incus);
            incus.Socket = seam.Path;
            incus.CallTimeout = TimeSpan.FromSeconds(1);
        }).BuildServiceProvider();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (services is not null)
        {
            seam!.Next = () => SeamFault.None;
            foreach (var workspace in await store.ListAllAsync(CancellationToken.None))
            {
                await Runtime.DeleteAsync(workspace.Instance, CancellationToken.None);
            }

            await services.DisposeAsync();
            await seam.DisposeAsync();
        }
    }

    public static TheoryData<SeamFault> Lasting() => [.. FaultySocket.Faults.Except([SeamFault.Slow])];

    [Theory]
    [MemberData(nameof(Lasting))]
    public async Task Whatever_befalls_a_call_is_reported_as_transient_and_never_as_a_missing_machine(SeamFault fault)
    {
        var workspace = await AddAsync("told");
        var spec = new InstanceSpec(workspace.Instance, workspace.Name, host.Image, 1, 512, new Dictionary<string, string>());
        seam!.Next = () => fault;
        foreach (var call in new Func<Task>[]
        {
            () => Runtime.ObserveAsync(workspace.Instance, Token),
            () => Runtime.ObserveAllAsync(Token),
            () => Runtime.FindNetworkAsync(Token),
            () => Runtime.CreateAsync(spec, Token),
            () => Runtime.StartAsync(workspace.Instance, Token),
            () => Runtime.StopAsync(workspace.Instance, TimeSpan.FromSeconds(1), Token),
            () => Runtime.DeleteAsync(workspace.Instance, Token),
        })
        {
            var thrown = await Assert.ThrowsAsync<RuntimeException>(call);
            Assert.True(thrown.IsTransient, thrown.Message);
        }
    }

    [Fact]
    public async Task A_project_that_is_missing_is_not_a_machine_that_is_gone()
    {
        await using var lost = new ServiceCollection().AddLogging().AddIncusRuntime(incus =>
        {
            host.Configure(incus);
            incus.Project = "never-made";
        }).BuildServiceProvider();
        var thrown = await Assert.ThrowsAsync<RuntimeException>(() => lost.GetRequiredService<IWorkspaceRuntime>().ObserveAsync(InstanceName.Of(WorkspaceId.New(TimeProvider.System)), Token));
        Assert.True(thrown.IsTransient, thrown.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Over_a_seam_at_which_much_goes_wrong_a_workspace_comes_to_what_was_wanted(int seed)
    {
        var random = new Random(seed);
        var faults = FaultySocket.Faults.Except([SeamFault.Endless]).ToList();
        seam!.Next = () => random.Next(4) == 0 ? faults[random.Next(faults.Count)] : SeamFault.None;
        var workspace = await AddAsync($"seam-{seed}");
        await ReachAsync(workspace.Id, WorkspaceStatus.Running);
        await WantAsync(workspace.Id, WorkspaceIntents.Stop);
        await ReachAsync(workspace.Id, WorkspaceStatus.Stopped);
        await WantAsync(workspace.Id, WorkspaceIntents.Start);
        await ReachAsync(workspace.Id, WorkspaceStatus.Running);
        Assert.Single(await host.Runtime.ObserveAllAsync(Token), seen => seen.Name == workspace.Instance);

        await WantAsync(workspace.Id, WorkspaceIntents.Delete);
        await ReachAsync(workspace.Id, null);
        Assert.Null(await host.Runtime.ObserveAsync(workspace.Instance, Token));
    }

    private async Task<Workspace> AddAsync(string name)
    {
        var now = TimeProvider.System.GetUtcNow();
        var workspace = WorkspaceIntents.Create(WorkspaceId.New(TimeProvider.System), WorkspaceName.Parse(name), "default", 1, 512, options, now);
        await store.AddAsync(workspace, Requested(workspace, Verbs.Create), 100, CapacityBudget.Unlimited, Token);
        return workspace;
    }

    private async Task WantAsync(WorkspaceId id, Func<Workspace, LifecycleOptions, DateTimeOffset, Decision> intent)
    {
        var workspace = (await store.FindAsync(id, Token))!;
        var wanted = Assert.IsType<Decision.Accepted>(intent(workspace, options, TimeProvider.System.GetUtcNow())).Workspace;
        Assert.True(await store.TrySaveIntentAsync(wanted, Requested(workspace, Verbs.Start), Token));
    }

    /// <summary>Run after run, as jobs that come back would have it; null is gone.</summary>
    private async Task ReachAsync(WorkspaceId id, WorkspaceStatus? status)
    {
        var boundary = new BoundaryKeeper(store, Runtime, new InMemoryBoundary(), NullLogger<BoundaryKeeper>.Instance);
        var routes = new RoutePublisher(store, new Nowhere(), boundary, options, TimeProvider.System, NullLogger<RoutePublisher>.Instance);
        var reconciler = new Reconciler(store, store, Runtime, new OneImage(host.Image), new Nowhere(), routes, boundary, new NoLog(), options, TimeProvider.System, NullLogger<Reconciler>.Instance);
        while (await store.FindAsync(id, Token) is { } workspace && (status is null || workspace.Status != status))
        {
            Assert.True(workspace.Status != WorkspaceStatus.Error, workspace.Fault?.Message);
            await reconciler.ReconcileAsync(id, "worker", Token);
        }
    }

    private static Activity Requested(Workspace workspace, string verb) =>
        new(workspace.Id, workspace.Name, verb, Actor.User, ActivityOutcome.Requested, null, null, TimeProvider.System.GetUtcNow());

    private sealed class OneImage(RuntimeImage image) : IImageCatalog
    {
        public RuntimeImage? Find(string name) => image;
    }

    /// <summary>What lies behind the other seams, where all is well.</summary>
    private sealed class Nowhere : IRouteTable, IReadinessProbe
    {
        public Task<bool> RefreshAsync(CancellationToken cancellationToken) => Task.FromResult(false);

        public Task<bool> ApplyAsync(IReadOnlyList<WorkspaceRoute> wanted, CancellationToken cancellationToken) => Task.FromResult(true);

        public Task<bool> IsReadyAsync(System.Net.IPAddress address, CancellationToken cancellationToken) => Task.FromResult(true);
    }
}
