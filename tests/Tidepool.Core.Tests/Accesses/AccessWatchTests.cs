using System.Net;
using Microsoft.Extensions.Time.Testing;
using Tidepool.Core.Accesses;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Accesses;

public sealed class AccessWatchTests : StoreTest
{
    private static readonly OpenConnection Editor = new(40_000, new IPEndPoint(Sample.Address, 8080));
    private readonly FakeTimeProvider time = new(Sample.Start.AddHours(1));
    private readonly Notes notes = new();
    private AccessWatch watch = null!;
    private Workspace workspace = null!;

    protected override TimeProvider Time => time;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        watch = new AccessWatch(Database.Store, notes, notes, time);
        workspace = Sample.Workspace(DesiredState.Running, WorkspaceStatus.Running, provisioned: true) with { Address = Sample.Address };
        var activity = new Activity(workspace.Id, workspace.Name, Verbs.Create, Actor.User, ActivityOutcome.Requested, null, null, Sample.Start);
        await Database.Store.AddAsync(workspace, activity, 10, CapacityBudget.Unlimited, Token);
    }

    [Fact]
    public async Task The_first_use_is_written_at_once_and_the_following_at_most_once_a_minute()
    {
        Note(0);
        await watch.LookAsync(Token);
        var first = await ReadAsync();
        Assert.Equal(time.GetUtcNow(), first.LastAccessedAt);

        for (var second = 1; second <= 59; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Note(0);
            await watch.LookAsync(Token);
        }

        Assert.Equal(first.Version, (await ReadAsync()).Version);

        // The last access is not forgotten when no more come.
        var last = time.GetUtcNow();
        time.Advance(TimeSpan.FromSeconds(1));
        await watch.LookAsync(Token);
        Assert.Equal((last, first.Version + 1), ((await ReadAsync()).LastAccessedAt, (await ReadAsync()).Version));
    }

    [Fact]
    public async Task Of_many_uses_the_last_counts_and_none_in_the_future()
    {
        Note(-30);
        Note(-10);
        Note(-20);
        await watch.LookAsync(Token);
        Assert.Equal(time.GetUtcNow().AddSeconds(-10), (await ReadAsync()).LastAccessedAt);

        time.Advance(TimeSpan.FromMinutes(2));
        Note(3600);
        await watch.LookAsync(Token);
        Assert.Equal(time.GetUtcNow(), (await ReadAsync()).LastAccessedAt);
    }

    [Fact]
    public async Task A_log_that_the_next_worker_reads_again_changes_nothing()
    {
        Note(-5);
        await watch.LookAsync(Token);
        var before = await ReadAsync();
        Note(-5);
        Note(-600);
        await new AccessWatch(Database.Store, notes, notes, time).LookAsync(Token);
        Assert.Equal(before.Version, (await ReadAsync()).Version);
    }

    [Fact]
    public async Task What_another_of_the_same_name_was_used_for_counts_for_nothing()
    {
        Note(-7200);
        notes.Accesses.Enqueue(new Access(WorkspaceName.Parse("gone"), time.GetUtcNow()));
        await watch.LookAsync(Token);
        Assert.Null((await ReadAsync()).LastAccessedAt);
    }

    [Fact]
    public async Task A_connection_that_stays_open_is_a_use_for_as_long_as_it_does()
    {
        notes.Open.Add(Editor);
        for (var minute = 0; minute < 3; minute++)
        {
            await watch.LookAsync(Token);
            time.Advance(TimeSpan.FromMinutes(1));
        }

        var last = (await ReadAsync()).LastAccessedAt;
        Assert.Equal(time.GetUtcNow().AddMinutes(-1), last);

        notes.Open.Clear();
        await watch.LookAsync(Token);
        Assert.Equal(last, (await ReadAsync()).LastAccessedAt);
    }

    [Fact]
    public async Task One_that_connects_and_hangs_up_uses_nothing()
    {
        for (var i = 0; i < 5; i++)
        {
            notes.Open.Clear();
            notes.Open.Add(Editor with { LocalPort = 40_000 + i });
            await watch.LookAsync(Token);
            time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Null((await ReadAsync()).LastAccessedAt);
    }

    private void Note(int secondsFromNow) => notes.Accesses.Enqueue(new Access(workspace.Name, time.GetUtcNow().AddSeconds(secondsFromNow)));

    private async Task<Workspace> ReadAsync() => (await Database.Store.FindAsync(workspace.Id, Token))!;

    private sealed class Notes : IAccessLog, IConnectionTable
    {
        public Queue<Access> Accesses { get; } = [];

        public List<OpenConnection> Open { get; } = [];

        public Task<IReadOnlyList<Access>> ReadAsync(CancellationToken cancellationToken)
        {
            IReadOnlyList<Access> read = [.. Accesses];
            Accesses.Clear();
            return Task.FromResult(read);
        }

        public IReadOnlyCollection<OpenConnection> Read(IReadOnlySet<IPAddress> remotes) => [.. Open.Where(c => remotes.Contains(c.Remote.Address))];
    }
}
