using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Activities;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Db.Tests.Workspaces;

public abstract partial class WorkspaceStoreContract
{
    [Fact]
    public async Task Pages_give_every_workspace_once_and_the_newest_first()
    {
        var added = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            // Three are made in the same instant each time, so only the ids tell them apart.
            added.Add((await AddedAsync($"listed-{i}")).Name.Value);
            Time.Advance(i % 3 == 2 ? TimeSpan.FromTicks(1) : TimeSpan.Zero);
        }

        var pages = new List<IReadOnlyList<Workspace>>();
        string? cursor = null;
        do
        {
            var page = await Store.ListAsync(3, cursor, default);
            pages.Add(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal([3, 3, 1], pages.Select(page => page.Count));
        var all = pages.SelectMany(page => page).ToList();
        Assert.Equal(all.OrderByDescending(w => w.CreatedAt).ThenByDescending(w => w.Id.ToString(), StringComparer.Ordinal), all);
        Assert.Equal(added.Order(), all.Select(w => w.Name.Value).Order());
    }

    [Fact]
    public async Task A_last_page_that_is_just_full_has_no_cursor()
    {
        await AddedAsync("first");
        await AddedAsync("second");

        Assert.Null((await Store.ListAsync(2, null, default)).NextCursor);
        Assert.Empty((await Activities.ListAsync(WorkspaceId.New(Time), 2, null, default)).Items);
    }

    [Fact]
    public async Task Workspaces_that_come_and_go_between_pages_neither_repeat_nor_hide_others()
    {
        var old = new List<Workspace>();
        for (var i = 0; i < 6; i++)
        {
            old.Add(await AddedAsync($"old-{i}"));
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        var first = await Store.ListAsync(3, null, default);
        await AddedAsync("new-one");
        await RemovedAsync(old[3]);
        await RemovedAsync(old[1]);
        var second = await Store.ListAsync(3, first.NextCursor, default);

        Assert.Equal(["old-5", "old-4", "old-3"], first.Items.Select(w => w.Name.Value));
        Assert.Equal(["old-2", "old-0"], second.Items.Select(w => w.Name.Value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("%%%%")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("d//////////wAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_cursor_that_is_not_ours_is_refused(string cursor)
    {
        await Assert.ThrowsAsync<InvalidCursorException>(() => Store.ListAsync(10, cursor, default));
        await Assert.ThrowsAsync<InvalidCursorException>(() => Activities.ListAsync(null, 10, cursor, default));
    }

    [Fact]
    public async Task One_lists_cursor_is_refused_by_the_other()
    {
        await AddedAsync("first");
        await AddedAsync("second");
        var ofWorkspaces = (await Store.ListAsync(1, null, default)).NextCursor;
        var ofActivity = (await Activities.ListAsync(null, 1, null, default)).NextCursor;

        await Assert.ThrowsAsync<InvalidCursorException>(() => Activities.ListAsync(null, 1, ofWorkspaces, default));
        await Assert.ThrowsAsync<InvalidCursorException>(() => Store.ListAsync(1, ofActivity, default));
    }

    [Fact]
    public async Task Activity_is_paged_newest_first_of_one_workspace_or_of_all()
    {
        var one = await AddedAsync("one");
        await AddedAsync("two");
        foreach (var verb in (string[])[Verbs.Stop, Verbs.Start])
        {
            var current = await FoundAsync(one.Id);
            Assert.True(await Store.TrySaveIntentAsync(current, Make.Activity(current, Time, verb), default));
        }

        var first = await Activities.ListAsync(one.Id, 2, null, default);
        var second = await Activities.ListAsync(one.Id, 2, first.NextCursor, default);
        var all = await Activities.ListAsync(null, 10, null, default);

        Assert.Equal([Verbs.Start, Verbs.Stop], first.Items.Select(a => a.Verb));
        Assert.Equal([Verbs.Create], second.Items.Select(a => a.Verb));
        Assert.Null(second.NextCursor);
        Assert.Equal(["one", "one", "two", "one"], all.Items.Select(a => a.Name.Value));
        Assert.Equal(all.Items.Select(a => a.Sequence).OrderDescending(), all.Items.Select(a => a.Sequence));
    }

    [Fact]
    public async Task An_empty_store_has_no_changes()
    {
        var changes = await Changes.ReadAsync(0, default);

        Assert.Equal(0, changes.Revision);
        Assert.Empty(changes.Changed);
        Assert.Empty(changes.Removed);
    }

    [Fact]
    public async Task Changes_are_all_that_was_written_or_removed_since()
    {
        var kept = await AddedAsync("kept");
        var changed = await AddedAsync("changed");
        var removed = await AddedAsync("removed");
        var before = await Changes.ReadAsync(0, default);
        Assert.Equal([kept.Id, changed.Id, removed.Id], before.Changed.Select(w => w.Id));

        await RemovedAsync(removed);
        Assert.True(await Store.TrySaveIntentAsync(changed, Make.Activity(changed, Time), default));
        var after = await Changes.ReadAsync(before.Revision, default);

        Assert.Equal(changed.Id, Assert.Single(after.Changed).Id);
        Assert.Equal(new Removal(removed.Id, removed.Name, before.Revision + 1), Assert.Single(after.Removed));
        Assert.Equal(before.Revision + 2, after.Revision);
        var none = await Changes.ReadAsync(after.Revision, default);
        Assert.Equal(after.Revision, none.Revision);
        Assert.Empty(none.Changed);
        Assert.Empty(none.Removed);
    }

    [Fact]
    public async Task Changes_from_zero_are_what_there_is_without_what_is_gone()
    {
        var there = await AddedAsync("there");
        await RemovedAsync(await AddedAsync("gone"));

        var changes = await Changes.ReadAsync(0, default);

        Assert.Equal(there.Id, Assert.Single(changes.Changed).Id);
        Assert.Empty(changes.Removed);
    }

    [Fact]
    public async Task A_follower_in_another_process_misses_no_change_while_many_write()
    {
        const int Writers = 4;
        const int Writes = 20;
        var follower = (await StartProcessAsync()).GetRequiredService<IChangeStore>();
        var seen = new Dictionary<WorkspaceId, long>();
        var gone = new HashSet<WorkspaceId>();

        // A new follower gets no removals, so this one begins after a change.
        var first = await AddedAsync("first");
        seen[first.Id] = first.Version;
        var revision = (await follower.ReadAsync(0, default)).Revision;

        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(i => Task.Run(async () =>
        {
            var workspace = await AddedAsync($"followed-{i}");
            for (var n = 0; n < Writes; n++)
            {
                Assert.True(await Store.TrySaveIntentAsync(workspace, Make.Activity(workspace, Time), default));
                workspace = await FoundAsync(workspace.Id);
            }

            if (i % 2 == 1)
            {
                await RemovedAsync(workspace);
            }
        })));

        bool last;
        do
        {
            last = writing.IsCompleted;
            var changes = await follower.ReadAsync(revision, default);
            Assert.True(changes.Revision >= revision);
            Assert.All(changes.Changed, w => Assert.InRange(w.Revision, revision + 1, changes.Revision));
            foreach (var workspace in changes.Changed)
            {
                seen[workspace.Id] = workspace.Version;
            }

            gone.UnionWith(changes.Removed.Select(r => r.Id));
            revision = changes.Revision;
            await Task.Yield();
        }
        while (!last);
        await writing;

        Assert.Equal(Writers / 2, gone.Count);
        Assert.All(await Store.ListAllAsync(default), w => Assert.Equal(w.Version, seen[w.Id]));
    }
}
