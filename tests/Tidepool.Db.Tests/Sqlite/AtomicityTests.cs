using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Capacity;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;
using Tidepool.Db.Tests.Workspaces;

namespace Tidepool.Db.Tests.Sqlite;

/// <summary>Intent, activity and job come together or not at all, wherever the database fails.</summary>
public sealed class AtomicityTests : IAsyncDisposable
{
    private readonly TestDatabase database = new(TimeProvider.System);

    public static TheoryData<string> Tables => ["Activities", "Jobs"];

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task A_fault_while_adding_leaves_nothing_behind(string table)
    {
        var process = await database.StartProcessAsync();
        var store = process.GetRequiredService<IWorkspaceStore>();
        var workspace = Make.Workspace("unlucky", TimeProvider.System);
        await FailInsertsAsync(table);

        await Assert.ThrowsAsync<StoreException>(() => store.AddAsync(workspace, Make.Activity(workspace, TimeProvider.System), 10, CapacityBudget.Unlimited, default));

        Assert.Null(await store.FindAsync(workspace.Id, default));
        Assert.Empty((await process.GetRequiredService<IActivityStore>().ListAsync(null, 10, null, default)).Items);
        Assert.Null(await process.GetRequiredService<IJobTable>().NextVisibleAtAsync(default));
        Assert.Equal(0, (await process.GetRequiredService<IChangeStore>().ReadAsync(0, default)).Revision);
        Assert.Equal((0, 0), (database.Jobs.Count, database.Changes.Count));
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task A_fault_while_an_intent_is_saved_leaves_everything_as_it_was(string table)
    {
        var process = await database.StartProcessAsync();
        var store = process.GetRequiredService<IWorkspaceStore>();
        var jobs = process.GetRequiredService<IJobTable>();
        var workspace = Make.Workspace("unlucky", TimeProvider.System);
        await store.AddAsync(workspace, Make.Activity(workspace, TimeProvider.System), 10, CapacityBudget.Unlimited, default);
        workspace = await store.FindAsync(workspace.Id, default);
        var job = Assert.Single(await jobs.TakeAsync(10, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue, 5, default));
        await jobs.RemoveAsync(job, default);
        await FailInsertsAsync(table);

        await Assert.ThrowsAsync<StoreException>(() =>
            store.TrySaveIntentAsync(workspace! with { Description = "new" }, Make.Activity(workspace, TimeProvider.System), default));

        WorkspaceAssert.Same(workspace!, await store.FindAsync(workspace!.Id, default));
        Assert.Single((await process.GetRequiredService<IActivityStore>().ListAsync(null, 10, null, default)).Items);
        Assert.Null(await jobs.NextVisibleAtAsync(default));
        Assert.Equal((1, 1), (database.Jobs.Count, database.Changes.Count));
    }

    [Fact]
    public async Task After_a_fault_the_next_write_succeeds()
    {
        var store = (await database.StartProcessAsync()).GetRequiredService<IWorkspaceStore>();
        var workspace = Make.Workspace("stubborn", TimeProvider.System);
        await FailInsertsAsync("Jobs");
        await Assert.ThrowsAsync<StoreException>(() => store.AddAsync(workspace, Make.Activity(workspace, TimeProvider.System), 10, CapacityBudget.Unlimited, default));
        await ExecuteAsync("DROP TRIGGER fault");

        Assert.IsType<AdmissionOutcome.Saved>(await store.AddAsync(workspace, Make.Activity(workspace, TimeProvider.System), 10, CapacityBudget.Unlimited, default));
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private Task FailInsertsAsync(string table) =>
        ExecuteAsync($"CREATE TRIGGER fault BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'injected'); END");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={database.Path};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
