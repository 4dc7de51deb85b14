using Microsoft.Extensions.Logging.Abstractions;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Lifecycle;

/// <summary>Machines that no workspace names: what is surely ours to remove goes, everything else is only reported.</summary>
public sealed class OrphanMachinesTests : StoreTest
{
    private readonly InMemoryRuntime machines = new();
    private OrphanMachines orphans = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        orphans = new OrphanMachines(Database.Store, Database.Activities, machines, NullLogger<OrphanMachines>.Instance);
    }

    [Fact]
    public async Task A_machine_that_comes_to_be_after_its_workspace_was_deleted_is_removed()
    {
        var workspace = await AddAsync();
        var deleted = Assert.IsType<Decision.Accepted>(WorkspaceIntents.Delete(workspace, Sample.Options, Sample.Start)).Workspace;
        await Database.Store.TrySaveIntentAsync(deleted, Sample.Requested(workspace, Verbs.Delete), Token);
        await Sample.Reconciler(Database.Store, Database.Leases, machines).ReconcileAsync(workspace.Id, "worker", Token);
        Assert.Null(await Database.Store.FindAsync(workspace.Id, Token));

        // The answer to a request that the worker had given up.
        await MakeAsync(workspace.Instance);
        await SweepAsync();
        Assert.Empty(machines.Names);
        Assert.Empty(orphans.Unknown);
    }

    [Fact]
    public async Task In_a_new_database_every_machine_is_left_alone_and_reported()
    {
        var there = InstanceName.Of(WorkspaceId.New(TimeProvider.System));
        await MakeAsync(there);
        for (var sweeps = 0; sweeps < 3; sweeps++)
        {
            await SweepAsync();
        }

        Assert.Equal([there], machines.Names);
        Assert.Equal([there], orphans.Unknown);
    }

    [Fact]
    public async Task A_machine_that_this_database_has_never_heard_of_is_left_alone_beside_others()
    {
        var known = await AddAsync();
        await MakeAsync(known.Instance);
        var unknown = InstanceName.Of(WorkspaceId.New(TimeProvider.System));
        await MakeAsync(unknown);
        await SweepAsync();
        Assert.Equal(2, machines.Names.Count);
        Assert.Equal([unknown], orphans.Unknown);

        // Its owner did something about it.
        machines.Lose(unknown);
        await SweepAsync();
        Assert.Empty(orphans.Unknown);
    }

    [Fact]
    public async Task A_machine_whose_workspace_went_without_being_deleted_is_left_alone()
    {
        var workspace = await AddAsync();
        await MakeAsync(workspace.Instance);
        var lease = await Database.Leases.TryAcquireAsync(Reconciler.LeaseOn(workspace.Id), "another worker", Sample.Start, TimeSpan.FromMinutes(1), Token);
        Assert.True(await Database.Store.TryRemoveAsync(lease!, workspace, Sample.Requested(workspace, Verbs.Stop), Token));
        await SweepAsync();
        Assert.Equal([workspace.Instance], machines.Names);
    }

    [Fact]
    public async Task A_workspace_that_is_made_during_the_sweep_is_no_orphan()
    {
        var listed = await Database.Store.ListAllAsync(Token);
        var workspace = await AddAsync();
        await MakeAsync(workspace.Instance);
        await orphans.LookAsync(listed, await machines.ObserveAllAsync(Token), Token);
        Assert.Single(machines.Names);
        Assert.Empty(orphans.Unknown);
    }

    private Task<int> SweepAsync() => Sample.Sweeper(Database.Store, Database.Activities, machines, Database.Queue, orphans: orphans).SweepAsync(Token);

    private async Task<Workspace> AddAsync()
    {
        var workspace = Sample.Workspace();
        await Database.Store.AddAsync(workspace, Sample.Requested(workspace, Verbs.Create), 100, CapacityBudget.Unlimited, Token);
        return (await Database.Store.FindAsync(workspace.Id, Token))!;
    }

    private Task MakeAsync(InstanceName name) =>
        machines.CreateAsync(new InstanceSpec(name, WorkspaceName.Parse("orphan"), new OneImage().Find("default")!, 1, 512, new Dictionary<string, string>()), Token);
}
