using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Tests.Workspaces;

public abstract partial class WorkspaceStoreContract
{
    private static readonly CapacityBudget Seven = new(7 * 1024, 64, null, 0);

    [Fact]
    public async Task What_there_is_no_room_for_is_refused_and_leaves_no_trace()
    {
        await AddAsync(Small("one"), budget: Seven with { MemoryMiB = 1024 });
        await TakeJobsAsync();
        var sent = CountNotifications();

        var refusal = Assert.IsType<Refusal.CapacityExhausted>(Refused(await AddAsync(Small("two"), budget: Seven with { MemoryMiB = 1024 })));

        Assert.Equal((CapacityResource.Memory, 1024, 0), (refusal.Resource, refusal.Needed, refusal.Available));
        Assert.Equal("one", refusal.LeastRecentlyAccessed!.Name.Value);
        Assert.Single(await Store.ListAllAsync(default));
        Assert.Single((await Activities.ListAsync(null, 10, null, default)).Items);
        Assert.Empty(await TakeJobsAsync());
        Assert.Equal(sent, CountNotifications());
    }

    [Fact]
    public async Task Fifty_adds_at_once_do_not_overbook()
    {
        var other = (await StartProcessAsync()).GetRequiredService<IWorkspaceStore>();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() =>
        {
            var workspace = Small($"many-{i}");
            return (i % 2 == 0 ? Store : other).AddAsync(workspace, Make.Activity(workspace, Time), NoLimit, Seven, default);
        })));

        Assert.Equal(7, outcomes.Count(outcome => outcome is AdmissionOutcome.Saved));
        Assert.Equal(43, outcomes.Count(outcome => outcome is AdmissionOutcome.Refused { Refusal: Refusal.CapacityExhausted { LeastRecentlyAccessed: not null } }));
        Assert.Equal(7 * 1024, CapacityAmount.Of(await Store.ListAllAsync(default), Seven).MemoryMiB);
    }

    [Fact]
    public async Task Fifty_starts_at_once_do_not_overbook()
    {
        var other = (await StartProcessAsync()).GetRequiredService<IWorkspaceStore>();
        var stopped = Enumerable.Range(0, 50).Select(i => Small($"many-{i}") with { Desired = DesiredState.Stopped, Status = WorkspaceStatus.Stopped }).ToList();
        foreach (var workspace in stopped)
        {
            await AddAsync(workspace);
        }

        var outcomes = await Task.WhenAll(stopped.Select((workspace, i) => Task.Run(() =>
            (i % 2 == 0 ? Store : other).AdmitAsync(Started(workspace), Make.Activity(workspace, Time, Verbs.Start), Seven, default))));

        Assert.Equal(7, outcomes.Count(outcome => outcome is AdmissionOutcome.Saved));
        Assert.Equal(43, outcomes.Count(outcome => outcome is AdmissionOutcome.Refused { Refusal: Refusal.CapacityExhausted }));
        Assert.Equal(7, (await Store.ListAllAsync(default)).Count(CapacityAmount.IsRunning));
    }

    [Fact]
    public async Task What_is_admitted_is_written_with_its_activity_and_a_job()
    {
        var stopped = Small("willing") with { Desired = DesiredState.Stopped, Status = WorkspaceStatus.Stopped };
        await AddAsync(stopped);
        await TakeJobsAsync();

        Assert.IsType<AdmissionOutcome.Saved>(await Store.AdmitAsync(Started(stopped), Make.Activity(stopped, Time, Verbs.Start), Seven, default));

        Assert.Equal(DesiredState.Running, (await FoundAsync(stopped.Id)).Desired);
        Assert.Equal(Verbs.Start, (await Activities.ListAsync(stopped.Id, 1, null, default)).Items.Single().Verb);
        Assert.Equal(stopped.Id, Assert.Single(await TakeJobsAsync()).Job.Workspace);
    }

    [Fact]
    public async Task An_intent_for_a_changed_or_deleted_workspace_is_decided_again_and_not_refused()
    {
        var workspace = await AddedAsync("contested");
        var none = Seven with { MemoryMiB = 0 };
        Assert.IsType<AdmissionOutcome.Outdated>(await Store.AdmitAsync(workspace with { Version = workspace.Version - 1 }, Make.Activity(workspace, Time), none, default));

        await RemovedAsync(workspace);
        Assert.IsType<AdmissionOutcome.Outdated>(await Store.AdmitAsync(workspace, Make.Activity(workspace, Time), none, default));
    }

    [Fact]
    public async Task A_workspace_that_runs_keeps_its_room_when_the_budget_has_become_smaller()
    {
        var workspace = await AddedAsync("running");
        var none = Seven with { MemoryMiB = 0, Cpus = 0, DiskMiB = 0, DiskPerWorkspaceMiB = 1 };

        Assert.IsType<AdmissionOutcome.Saved>(await Store.AdmitAsync(workspace with { Description = "Changed." }, Make.Activity(workspace, Time), none, default));
        Assert.IsType<AdmissionOutcome.Saved>(
            await Store.AdmitAsync(workspace with { Version = workspace.Version + 1, Desired = DesiredState.Stopped }, Make.Activity(workspace, Time), none, default));
    }

    [Fact]
    public async Task When_it_was_last_used_only_rises_and_no_older_reading_writes_it_back()
    {
        var workspace = await AddedAsync("used");
        var at = Time.GetUtcNow();
        var (_, changeNotifications) = CountNotifications();

        Assert.True(await Store.TrySaveAccessAsync(workspace.Id, at, default));
        Assert.False(await Store.TrySaveAccessAsync(workspace.Id, at, default));
        Assert.False(await Store.TrySaveAccessAsync(workspace.Id, at.AddSeconds(-1), default));

        var found = await FoundAsync(workspace.Id);
        Assert.Equal(at, found.LastAccessedAt);
        Assert.Equal(workspace.Version + 1, found.Version);
        Assert.True(found.Revision > workspace.Revision);
        Assert.Equal(changeNotifications + 1, CountNotifications().Changes);

        // Who read it before cannot write the older time back.
        Assert.False(await Store.TrySaveIntentAsync(workspace, Make.Activity(workspace, Time), default));
    }

    [Fact]
    public async Task What_is_gone_was_not_used()
    {
        var workspace = await AddedAsync("gone");
        await RemovedAsync(workspace);
        Assert.False(await Store.TrySaveAccessAsync(workspace.Id, Time.GetUtcNow(), default));
    }

    private Workspace Small(string name) => Make.Workspace(name, Time) with { MemoryMiB = 1024, Cpus = 1 };

    private static Workspace Started(Workspace stopped) => stopped with { Version = 1, Desired = DesiredState.Running, Status = WorkspaceStatus.Starting };

    private static Refusal Refused(AdmissionOutcome outcome) => Assert.IsType<AdmissionOutcome.Refused>(outcome).Refusal;
}
