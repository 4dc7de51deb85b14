using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Activities;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Tests.Workspaces;

public abstract partial class WorkspaceStoreContract
{
    [Fact]
    public async Task What_answers_on_a_port_is_written_without_a_lease_unless_another_write_was_faster()
    {
        var workspace = Make.FullWorkspace("answering", Time);
        await AddAsync(workspace);
        var found = await FoundAsync(workspace.Id);
        var seen = found with { Ports = [.. found.Ports.Select(p => p with { Answers = true, StripPrefix = false })] };
        Assert.True(await Store.TrySavePortsSeenAsync(seen, default));
        Assert.False(await Store.TrySavePortsSeenAsync(seen, default));

        var after = await FoundAsync(workspace.Id);
        Assert.Equal(seen.Ports, after.Ports);
        Assert.True(after.Revision > found.Revision);
    }

    [Fact]
    public async Task A_lease_is_not_given_to_another_while_it_is_held()
    {
        var lease = await LeasedAsync("thing", "one");

        Assert.Equal(1, lease.Epoch);
        Assert.Equal(Time.GetUtcNow() + LeaseTime, lease.ExpiresAt);
        Assert.Null(await Leases.TryAcquireAsync("thing", "two", Time.GetUtcNow(), LeaseTime, default));
        Assert.NotNull(await Leases.TryAcquireAsync("other thing", "two", Time.GetUtcNow(), LeaseTime, default));
    }

    [Fact]
    public async Task Epochs_rise_with_every_holder_also_across_release_and_expiry()
    {
        var first = await LeasedAsync("thing", "one");
        await Leases.ReleaseAsync(first, default);
        var second = await LeasedAsync("thing", "two");
        Time.Advance(LeaseTime);
        var third = await LeasedAsync("thing", "three");
        var fourth = await LeasedAsync("thing", "three");

        Assert.Equal([1L, 2, 3, 4], [first.Epoch, second.Epoch, third.Epoch, fourth.Epoch]);
        Assert.Null(await Leases.TryRenewAsync(third, Time.GetUtcNow(), LeaseTime, default));
    }

    [Fact]
    public async Task A_renewed_lease_is_held_longer()
    {
        var lease = await LeasedAsync("thing", "one");
        Time.Advance(LeaseTime / 2);

        var renewed = await Leases.TryRenewAsync(lease, Time.GetUtcNow(), LeaseTime, default);
        Assert.Equal(lease with { ExpiresAt = Time.GetUtcNow() + LeaseTime }, renewed);

        Time.Advance(LeaseTime / 2);
        Assert.Null(await Leases.TryAcquireAsync("thing", "two", Time.GetUtcNow(), LeaseTime, default));
        Time.Advance(LeaseTime / 2);
        Assert.NotNull(await Leases.TryAcquireAsync("thing", "two", Time.GetUtcNow(), LeaseTime, default));
    }

    [Fact]
    public async Task A_lease_that_passed_to_another_can_neither_be_renewed_nor_given_back()
    {
        var old = await LeasedAsync("thing", "one");
        Time.Advance(LeaseTime);
        var current = await LeasedAsync("thing", "two");

        Assert.Null(await Leases.TryRenewAsync(old, Time.GetUtcNow(), LeaseTime, default));
        await Leases.ReleaseAsync(old, default);
        Assert.NotNull(await Leases.TryRenewAsync(current, Time.GetUtcNow(), LeaseTime, default));
    }

    [Fact]
    public async Task Of_many_owners_that_want_a_lease_at_once_exactly_one_gets_it()
    {
        var other = (await StartProcessAsync()).GetRequiredService<ILeaseStore>();

        var leases = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Leases : other).TryAcquireAsync("thing", $"owner-{i}", Time.GetUtcNow(), LeaseTime, default))));

        Assert.Single(leases, lease => lease is not null);
    }

    [Fact]
    public async Task An_observation_is_saved_with_its_activity_and_without_a_job()
    {
        var workspace = await AddedAsync("seen");
        await TakeJobsAsync();
        var (jobNotifications, changeNotifications) = CountNotifications();
        var lease = await LeasedAsync(LeaseOf(workspace));

        Assert.True(await Store.TrySaveObservationAsync(
            lease, workspace with { Status = WorkspaceStatus.Running }, Make.Activity(workspace, Time, Verbs.Start), default));

        Assert.Equal(WorkspaceStatus.Running, (await FoundAsync(workspace.Id)).Status);
        Assert.Equal(2, (await Activities.ListAsync(workspace.Id, 10, null, default)).Items.Count);
        Assert.Empty(await TakeJobsAsync());
        Assert.Equal((jobNotifications, changeNotifications + 1), CountNotifications());
    }

    [Fact]
    public async Task A_stale_lease_cannot_write()
    {
        var workspace = await AddedAsync("fenced");
        var stale = await LeasedAsync(LeaseOf(workspace), "one");
        Time.Advance(LeaseTime);
        var current = await LeasedAsync(LeaseOf(workspace), "two");

        Assert.False(await Store.TrySaveObservationAsync(stale, workspace, Make.Activity(workspace, Time), default));
        Assert.False(await Store.TryRemoveAsync(stale, workspace, Make.Activity(workspace, Time), default));
        Assert.Single((await Activities.ListAsync(workspace.Id, 10, null, default)).Items);
        Assert.True(await Store.TrySaveObservationAsync(current, workspace, null, default));
    }

    [Fact]
    public async Task A_lease_that_was_given_back_cannot_write()
    {
        var workspace = await AddedAsync("released");
        var lease = await LeasedAsync(LeaseOf(workspace));
        await Leases.ReleaseAsync(lease, default);

        Assert.False(await Store.TrySaveObservationAsync(lease, workspace, null, default));
    }

    [Fact]
    public async Task An_expired_lease_that_no_other_owner_took_still_writes()
    {
        var workspace = await AddedAsync("late");
        var lease = await LeasedAsync(LeaseOf(workspace));
        Time.Advance(LeaseTime * 2);

        Assert.True(await Store.TrySaveObservationAsync(lease, workspace, null, default));
    }

    [Fact]
    public async Task An_observation_of_a_workspace_that_changed_since_is_refused()
    {
        var workspace = await AddedAsync("moved");
        var lease = await LeasedAsync(LeaseOf(workspace));
        Assert.True(await Store.TrySaveIntentAsync(workspace with { Desired = DesiredState.Stopped }, Make.Activity(workspace, Time), default));

        Assert.False(await Store.TrySaveObservationAsync(lease, workspace with { Status = WorkspaceStatus.Running }, null, default));
        Assert.False(await Store.TryRemoveAsync(lease, workspace, Make.Activity(workspace, Time), default));
        Assert.Equal(DesiredState.Stopped, (await FoundAsync(workspace.Id)).Desired);
    }

    [Fact]
    public async Task A_removed_workspace_is_gone_and_its_activity_stays()
    {
        var workspace = await AddedAsync("bygone");
        var lease = await LeasedAsync(LeaseOf(workspace));
        var (_, changeNotifications) = CountNotifications();

        Assert.True(await Store.TryRemoveAsync(lease, workspace, Make.Activity(workspace, Time, Verbs.Delete), default));

        Assert.Null(await Store.FindAsync(workspace.Id, default));
        Assert.Equal([Verbs.Delete, Verbs.Create], (await Activities.ListAsync(workspace.Id, 10, null, default)).Items.Select(a => a.Verb));
        Assert.Null(await Leases.TryRenewAsync(lease, Time.GetUtcNow(), LeaseTime, default));
        Assert.False(await Store.TryRemoveAsync(lease, workspace, Make.Activity(workspace, Time, Verbs.Delete), default));
        Assert.Equal(changeNotifications + 1, CountNotifications().Changes);
    }
}
