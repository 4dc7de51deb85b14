using Microsoft.Data.Sqlite;
using Tidepool.Core.Workspaces;

namespace Tidepool.Worker.Tests;

/// <summary>The whole worker while another program holds its database.</summary>
public sealed class LockedDatabaseTests : IAsyncLifetime
{
    private readonly WholeWorker worker = new();

    public async ValueTask InitializeAsync() => await worker.StartAsync();

    public ValueTask DisposeAsync() => worker.DisposeAsync();

    [Fact]
    public async Task A_database_that_another_holds_longer_than_anyone_waits_loses_nothing()
    {
        var (stopped, deleted) = (await worker.CreateAsync("stopped"), await worker.CreateAsync("deleted"));
        await worker.UntilAsync(stopped, WorkspaceStatus.Running);
        await worker.UntilAsync(deleted, WorkspaceStatus.Running);
        await worker.StopAsync(stopped);
        await worker.DeleteAsync(deleted);
        await using (var holder = new SqliteConnection($"Data Source={worker.Database};Pooling=False"))
        {
            await holder.OpenAsync(TestContext.Current.CancellationToken);
            await using var held = await holder.BeginTransactionAsync(System.Data.IsolationLevel.Serializable, TestContext.Current.CancellationToken);

            // A writer that waits longer than the worker does gives up in its turn.
            await Task.Run(async () =>
            {
                await using var other = new SqliteConnection($"Data Source={worker.Database};Pooling=False;Default Timeout=8");
                await other.OpenAsync(TestContext.Current.CancellationToken);
                await Assert.ThrowsAsync<SqliteException>(async () => await other.BeginTransactionAsync(System.Data.IsolationLevel.Serializable, TestContext.Current.CancellationToken));
            });
            Assert.True(worker.IsUp);
        }

        await worker.UntilAsync(stopped, WorkspaceStatus.Stopped);
        await worker.UntilGoneAsync(deleted);
        var made = await worker.CreateAsync("made");
        await worker.UntilAsync(made, WorkspaceStatus.Running);
    }
}
