using Tidepool.Db.Tests.Workspaces;

namespace Tidepool.Db.Tests.Sqlite;

public sealed class SqliteWorkspaceStoreTests : WorkspaceStoreContract
{
    private readonly TestDatabase database;

    public SqliteWorkspaceStoreTests() => database = new TestDatabase(Time);

    protected override async Task<IServiceProvider> StartProcessAsync() => await database.StartProcessAsync();

    protected override Task StopProcessesAsync() => database.StopProcessesAsync();

    protected override (int Jobs, int Changes) CountNotifications() => (database.Jobs.Count, database.Changes.Count);

    protected override ValueTask CleanUpAsync() => database.DisposeAsync();
}
