using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Tests.Workspaces;

public abstract partial class WorkspaceStoreContract
{
    [Fact]
    public async Task An_added_workspace_is_found_by_id_and_by_name_as_it_was_given()
    {
        var given = Make.FullWorkspace("full", Time);
        Assert.IsType<AdmissionOutcome.Saved>(await AddAsync(given));

        var found = await FoundAsync(given.Id);
        Assert.Equal(1, found.Version);
        Assert.True(found.Revision > 0);
        WorkspaceAssert.Same(given with { Version = found.Version, Revision = found.Revision }, found);
        WorkspaceAssert.Same(found, await Store.FindByNameAsync(given.Name, default));
    }

    [Fact]
    public void A_full_workspace_has_a_value_in_every_property()
    {
        var (bare, full) = (Make.Workspace("full", Time), Make.FullWorkspace("full", Time));
        Assert.All(Filled.PropertiesOf<Workspace>().Where(p => p.Name is not ("Name" or "Version" or "Revision")), p => Assert.NotEqual(p.GetValue(bare), p.GetValue(full)));
    }

    [Theory]
    [InlineData("intent")]
    [InlineData("admission")]
    [InlineData("observation")]
    [InlineData("ports")]
    public async Task Every_write_keeps_every_property_but_those_that_never_change(string write)
    {
        var bare = await AddedAsync("kept");
        var given = Make.FullWorkspace("another", Time) with { Id = bare.Id, Version = bare.Version };

        await WriteAsync(write, given);
        var full = await FoundAsync(bare.Id);
        WorkspaceAssert.Same(given with { Name = bare.Name, CreatedAt = bare.CreatedAt, Version = bare.Version + 1, Revision = full.Revision }, full);

        await WriteAsync(write, bare with { Version = full.Version });
        var cleared = await FoundAsync(bare.Id);
        WorkspaceAssert.Same(bare with { Version = full.Version + 1, Revision = cleared.Revision }, cleared);
    }

    [Fact]
    public async Task An_access_changes_nothing_but_when_it_was_last_used()
    {
        await AddAsync(Make.FullWorkspace("used", Time));
        var before = Assert.Single(await Store.ListAllAsync(default));
        var at = before.LastAccessedAt!.Value.AddMinutes(1);

        Assert.True(await Store.TrySaveAccessAsync(before.Id, at, default));

        var after = await FoundAsync(before.Id);
        WorkspaceAssert.Same(before with { LastAccessedAt = at, Version = before.Version + 1, Revision = after.Revision }, after);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        Assert.Null(await Store.FindAsync(WorkspaceId.New(Time), default));
        Assert.Null(await Store.FindByNameAsync(WorkspaceName.Parse("nobody"), default));
    }

    [Fact]
    public async Task Adding_records_the_activity_and_a_job_and_rings_both_bells()
    {
        var workspace = await AddedAsync("fresh");

        var activity = Assert.Single((await Activities.ListAsync(workspace.Id, 10, null, default)).Items);
        Assert.Equal(Make.Activity(workspace, Time) with { Sequence = activity.Sequence }, activity);
        Assert.Equal(workspace.Id, Assert.Single(await TakeJobsAsync()).Job.Workspace);
        Assert.Equal((1, 1), CountNotifications());
    }

    [Fact]
    public async Task A_taken_name_is_refused_and_leaves_no_trace()
    {
        await AddedAsync("taken");
        await TakeJobsAsync();
        var before = CountNotifications();

        Assert.IsType<Refusal.NameTaken>(Refused(await AddAsync(Make.Workspace("taken", Time))));

        Assert.Single(await Store.ListAllAsync(default));
        Assert.Single((await Activities.ListAsync(null, 10, null, default)).Items);
        Assert.Empty(await TakeJobsAsync());
        Assert.Equal(before, CountNotifications());
    }

    [Fact]
    public async Task One_more_than_the_limit_is_refused()
    {
        Assert.IsType<AdmissionOutcome.Saved>(await AddAsync(Make.Workspace("first", Time), limit: 2));
        Assert.IsType<AdmissionOutcome.Saved>(await AddAsync(Make.Workspace("second", Time), limit: 2));
        Assert.Equal(new Refusal.WorkspaceLimit(2), Refused(await AddAsync(Make.Workspace("third", Time), limit: 2)));
    }

    [Fact]
    public async Task Of_many_adds_of_one_name_at_once_exactly_one_succeeds()
    {
        var other = (await StartProcessAsync()).GetRequiredService<IWorkspaceStore>();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
        {
            var workspace = Make.Workspace("wanted", Time);
            return (i % 2 == 0 ? Store : other).AddAsync(workspace, Make.Activity(workspace, Time), NoLimit, CapacityBudget.Unlimited, default);
        })));

        Assert.Single(outcomes, new AdmissionOutcome.Saved());
        Assert.Equal(15, outcomes.Count(outcome => outcome is AdmissionOutcome.Refused { Refusal: Refusal.NameTaken }));
        Assert.Single(await Store.ListAllAsync(default));
    }

    [Fact]
    public async Task The_limit_holds_when_many_add_at_once()
    {
        var other = (await StartProcessAsync()).GetRequiredService<IWorkspaceStore>();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
        {
            var workspace = Make.Workspace($"many-{i}", Time);
            return (i % 2 == 0 ? Store : other).AddAsync(workspace, Make.Activity(workspace, Time), 5, CapacityBudget.Unlimited, default);
        })));

        Assert.Equal(5, outcomes.Count(outcome => outcome is AdmissionOutcome.Saved));
        Assert.Equal(11, outcomes.Count(outcome => outcome is AdmissionOutcome.Refused { Refusal: Refusal.WorkspaceLimit }));
        Assert.Equal(5, (await Store.ListAllAsync(default)).Count);
    }

    [Fact]
    public async Task A_name_is_free_again_once_its_workspace_is_removed()
    {
        var first = await AddedAsync("again");
        await RemovedAsync(first);

        var second = await AddedAsync("again");

        Assert.NotEqual(first.Id, second.Id);
    }

    [Fact]
    public async Task An_intent_replaces_the_workspace_and_records_its_activity_and_a_job()
    {
        var workspace = await AddedAsync("willing");
        await TakeJobsAsync();
        var (jobNotifications, changeNotifications) = CountNotifications();
        var wanted = Make.FullWorkspace("willing", Time) with
        {
            Id = workspace.Id,
            CreatedAt = workspace.CreatedAt,
            Version = workspace.Version,
            Desired = DesiredState.Stopped,
            Status = WorkspaceStatus.Stopping,
        };

        Assert.True(await Store.TrySaveIntentAsync(wanted, Make.Activity(workspace, Time, Verbs.Stop), default));

        var found = await FoundAsync(workspace.Id);
        Assert.Equal(workspace.Version + 1, found.Version);
        Assert.True(found.Revision > workspace.Revision);
        WorkspaceAssert.Same(wanted with { Version = found.Version, Revision = found.Revision }, found);
        Assert.Equal([Verbs.Stop, Verbs.Create], (await Activities.ListAsync(workspace.Id, 10, null, default)).Items.Select(a => a.Verb));
        Assert.Equal(workspace.Id, Assert.Single(await TakeJobsAsync()).Job.Workspace);
        Assert.Equal((jobNotifications + 1, changeNotifications + 1), CountNotifications());
    }

    [Fact]
    public async Task An_intent_on_a_workspace_that_changed_since_is_refused_and_leaves_no_trace()
    {
        var workspace = await AddedAsync("contested");
        Assert.True(await Store.TrySaveIntentAsync(workspace, Make.Activity(workspace, Time), default));
        await TakeJobsAsync();
        var sent = CountNotifications();
        var changes = await Changes.ReadAsync(0, default);

        Assert.False(await Store.TrySaveIntentAsync(workspace with { Desired = DesiredState.Deleted }, Make.Activity(workspace, Time), default));

        Assert.Equal(DesiredState.Running, (await FoundAsync(workspace.Id)).Desired);
        Assert.Equal(2, (await Activities.ListAsync(null, 10, null, default)).Items.Count);
        Assert.Empty(await TakeJobsAsync());
        Assert.Equal(sent, CountNotifications());
        Assert.Equal(changes.Revision, (await Changes.ReadAsync(0, default)).Revision);
    }

    [Fact]
    public async Task An_intent_on_a_workspace_that_is_gone_is_refused()
    {
        var workspace = await AddedAsync("gone");
        await RemovedAsync(workspace);

        Assert.False(await Store.TrySaveIntentAsync(workspace, Make.Activity(workspace, Time), default));
    }

    [Fact]
    public async Task Of_many_intents_on_one_version_exactly_one_is_saved()
    {
        var workspace = await AddedAsync("crowded");
        var other = (await StartProcessAsync()).GetRequiredService<IWorkspaceStore>();

        var saved = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Store : other).TrySaveIntentAsync(workspace, Make.Activity(workspace, Time), default))));

        Assert.Single(saved, true);
        Assert.Equal(workspace.Version + 1, (await FoundAsync(workspace.Id)).Version);
    }

    [Fact]
    public async Task Processes_that_write_at_once_do_not_fail_each_other()
    {
        const int Writers = 8;
        const int Writes = 25;
        var other = (await StartProcessAsync()).GetRequiredService<IWorkspaceStore>();
        var workspaces = await Task.WhenAll(Enumerable.Range(0, Writers).Select(i => AddedAsync($"writer-{i}")));

        await Task.WhenAll(workspaces.Select((workspace, i) => Task.Run(async () =>
        {
            var store = i % 2 == 0 ? Store : other;
            var lease = await LeasedAsync(LeaseOf(workspace));
            for (var n = 0; n < Writes; n++)
            {
                var current = await store.FindAsync(workspace.Id, default);
                Assert.True(await store.TrySaveIntentAsync(current!, Make.Activity(workspace, Time), default));
                Assert.True(await store.TrySaveObservationAsync(lease, current! with { Version = current.Version + 1 }, null, default));
            }
        })));

        var changes = await Changes.ReadAsync(0, default);
        Assert.All(changes.Changed, workspace => Assert.Equal(1 + (2 * Writes), workspace.Version));
        Assert.Equal(Writers * (1 + (2 * Writes)), changes.Revision);
    }

    [Fact]
    public async Task Everything_is_there_after_a_restart()
    {
        var workspace = await AddedAsync("lasting");
        var lease = await LeasedAsync(LeaseOf(workspace));

        await StopProcessesAsync();
        process = await StartProcessAsync();

        WorkspaceAssert.Same(workspace, await FoundAsync(workspace.Id));
        Assert.Single((await Activities.ListAsync(workspace.Id, 10, null, default)).Items);
        Assert.Single(await TakeJobsAsync());
        Assert.True(await Store.TrySaveObservationAsync(lease, workspace, null, default));
    }

    [Fact]
    public async Task A_cancelled_call_ends_as_cancelled()
    {
        var workspace = await AddedAsync("patient");
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.FindAsync(workspace.Id, cancelled.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Store.TrySaveIntentAsync(workspace, Make.Activity(workspace, Time), cancelled.Token));
        Assert.Equal(workspace.Version, (await FoundAsync(workspace.Id)).Version);
    }

    private async Task WriteAsync(string write, Workspace workspace) => Assert.True(write switch
    {
        "intent" => await Store.TrySaveIntentAsync(workspace, Make.Activity(workspace, Time), default),
        "admission" => await Store.AdmitAsync(workspace, Make.Activity(workspace, Time), CapacityBudget.Unlimited, default) is AdmissionOutcome.Saved,
        "observation" => await Store.TrySaveObservationAsync(await LeasedAsync(LeaseOf(workspace)), workspace, null, default),
        "ports" => await Store.TrySavePortsSeenAsync(workspace, default),
        _ => throw new ArgumentOutOfRangeException(nameof(write)),
    });
}
