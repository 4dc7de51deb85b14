namespace Tidepool.Core.Tests;

/// <summary>A real database for each test.</summary>
public abstract class StoreTest : IAsyncLifetime
{
    private protected TestStore Database { get; private set; } = null!;

    /// <summary>The database's clock.</summary>
    protected virtual TimeProvider Time => TimeProvider.System;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync() => Database = await TestStore.OpenAsync(Time);

    public ValueTask DisposeAsync()
    {
        Database.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
