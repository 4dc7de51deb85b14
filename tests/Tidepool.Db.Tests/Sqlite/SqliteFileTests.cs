using System.Runtime.Versioning;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tidepool.Core.Capacity;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Db.Changes;
using Tidepool.Db.Schema;
using Tidepool.Db.Tests.Workspaces;

namespace Tidepool.Db.Tests.Sqlite;

[UnsupportedOSPlatform("windows")]
public sealed class SqliteFileTests : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TestDatabase database = new(TimeProvider.System);

    [Fact]
    public async Task The_file_and_those_beside_it_are_for_their_owner_only()
    {
        await database.StartProcessAsync();

        Assert.All(Files(), file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(file)));
        Assert.Equal(3, Files().Length);
    }

    [Fact]
    public async Task A_file_that_others_could_read_is_closed_to_them()
    {
        await database.StartProcessAsync();
        foreach (var file in Files())
        {
            File.SetUnixFileMode(file, OwnerOnly | UnixFileMode.OtherRead);
        }

        await database.StartProcessAsync();

        Assert.All(Files(), file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Where_the_directory_passes_its_group_on_the_group_works_with_all_three_files_and_they_stay()
    {
        ShareDirectory();
        await database.StartProcessAsync();

        Assert.All(Files(), file => Assert.Equal(OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(file)));
        await database.StopProcessesAsync();

        Assert.Equal(3, Files().Length);
    }

    [Fact]
    public async Task A_shared_database_whose_header_was_changed_to_another_journal_is_refused_and_none_is_made()
    {
        const int readVersion = 19, writeVersion = 18;
        ShareDirectory();
        await database.StartProcessAsync();
        await database.StopProcessesAsync();
        await using (var file = File.Open(database.Path, FileMode.Open))
        {
            foreach (var place in (int[])[writeVersion, readVersion])
            {
                file.Position = place;
                file.WriteByte(1);
            }
        }

        // SQLite goes by a log that has something in it, whatever the header says.
        await File.WriteAllBytesAsync(database.Path + "-wal", []);
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(database.Path)!, "*-journal") { EnableRaisingEvents = true };
        var journals = 0;
        watcher.Created += (_, _) => Interlocked.Increment(ref journals);
        var process = database.AddProcess();

        await Assert.ThrowsAsync<StoreException>(() => process.InitializeTidepoolDbAsync());
        await Assert.ThrowsAsync<StoreException>(() => process.GetRequiredService<ILeaseStore>().TryAcquireAsync("thing", "one", DateTimeOffset.UnixEpoch, TimeSpan.FromMinutes(1), default));
        Assert.Equal(0, journals);
    }

    [Fact]
    public async Task The_group_gets_the_file_only_once_it_has_its_log()
    {
        ShareDirectory();
        var process = database.AddProcess();
        await using (var db = await process.GetRequiredService<IDbContextFactory<TidepoolDbContext>>().CreateDbContextAsync())
        {
            await File.WriteAllBytesAsync(database.Path, []);
            File.SetUnixFileMode(database.Path, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
            await Assert.ThrowsAsync<IOException>(() => db.Database.OpenConnectionAsync());
            File.SetUnixFileMode(database.Path, OwnerOnly);
        }

        await process.InitializeTidepoolDbAsync();
        Assert.All(Files(), file => Assert.True(File.GetUnixFileMode(file).HasFlag(UnixFileMode.GroupWrite)));
    }

    [Theory]
    [InlineData("CREATE VIEW Workspaces AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT Others.* FROM n JOIN Others ON Others.Cpus = -x")]
    [InlineData("CREATE VIEW Workspaces AS SELECT Others.* FROM Others JOIN (SELECT randomblob(900000000) AS big) ON big = Others.Id")]
    public async Task A_query_that_another_process_made_endless_or_huge_is_ended(string view)
    {
        var process = await database.StartProcessAsync();
        var workspace = Make.FullWorkspace("demo", TimeProvider.System);
        await process.GetRequiredService<IWorkspaceStore>().AddAsync(workspace, Make.Activity(workspace, TimeProvider.System), 10, CapacityBudget.Unlimited, default);
        await using (var db = await process.GetRequiredService<IDbContextFactory<TidepoolDbContext>>().CreateDbContextAsync())
        {
            await db.Database.ExecuteSqlAsync($"ALTER TABLE Workspaces RENAME TO Others");
            await db.Database.ExecuteSqlRawAsync(view);
        }

        // On a thread of its own: SQLite does not give its thread back before it ends.
        var listing = Task.Run(() => process.GetRequiredService<IWorkspaceStore>().ListAllAsync(CancellationToken.None));
        await Assert.ThrowsAsync<StoreException>(() => listing.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task Processes_that_start_at_the_same_moment_share_one_schema()
    {
        var processes = Enumerable.Range(0, 8).Select(_ => database.AddProcess()).ToList();

        await Task.WhenAll(processes.Select(process => Task.Run(() => process.InitializeTidepoolDbAsync())));

        foreach (var process in processes)
        {
            Assert.Equal(0, (await process.GetRequiredService<IChangeStore>().ReadAsync(0, default)).Revision);
        }
    }

    [Fact]
    public async Task A_database_of_before_gets_the_columns_that_it_lacks()
    {
        var before = await database.StartProcessAsync();
        var workspace = Make.FullWorkspace("from-before", TimeProvider.System);
        await before.GetRequiredService<IWorkspaceStore>().AddAsync(workspace, Make.Activity(workspace, TimeProvider.System), 10, CapacityBudget.Unlimited, default);
        await using (var db = await before.GetRequiredService<IDbContextFactory<TidepoolDbContext>>().CreateDbContextAsync())
        {
            await db.Database.ExecuteSqlAsync($"ALTER TABLE Workspaces DROP COLUMN CloneOf");
            await db.Database.ExecuteSqlAsync($"ALTER TABLE Workspaces DROP COLUMN DeadlineAt");
        }

        await database.StopProcessesAsync();
        var after = (await database.StartProcessAsync()).GetRequiredService<IWorkspaceStore>();

        WorkspaceAssert.Same(workspace with { CloneOf = null, DeadlineAt = null, Version = 1, Revision = 1 }, (await after.FindAsync(workspace.Id, default))!);
    }

    [Fact]
    public async Task Progress_that_an_earlier_version_stored_as_a_label_is_read_as_none_and_recorded_again()
    {
        var before = await database.StartProcessAsync();
        var workspace = Make.FullWorkspace("from-before", TimeProvider.System);
        await before.GetRequiredService<IWorkspaceStore>().AddAsync(workspace, Make.Activity(workspace, TimeProvider.System), 10, CapacityBudget.Unlimited, default);
        await using (var db = await before.GetRequiredService<IDbContextFactory<TidepoolDbContext>>().CreateDbContextAsync())
        {
            await db.Database.ExecuteSqlAsync($"ALTER TABLE Workspaces DROP COLUMN Progress");
            await db.Database.ExecuteSqlAsync($"ALTER TABLE Workspaces ADD COLUMN ProgressStep INTEGER NULL");
            await db.Database.ExecuteSqlAsync($"ALTER TABLE Workspaces ADD COLUMN ProgressOf INTEGER NULL");
            await db.Database.ExecuteSqlAsync($"ALTER TABLE Workspaces ADD COLUMN ProgressLabel TEXT NULL");
            await db.Database.ExecuteSqlAsync($"UPDATE Workspaces SET ProgressStep = 3, ProgressOf = 4, ProgressLabel = 'Connecting to the network'");
        }

        await database.StopProcessesAsync();
        var after = (await database.StartProcessAsync()).GetRequiredService<IWorkspaceStore>();

        var found = await after.FindAsync(workspace.Id, default);
        WorkspaceAssert.Same(workspace with { Progress = null, Version = 1, Revision = 1 }, found);
        Assert.True(await after.TrySaveIntentAsync(found! with { Progress = ProgressStep.Connecting }, Make.Activity(workspace, TimeProvider.System), default));
        Assert.Equal(ProgressStep.Connecting, (await after.FindAsync(workspace.Id, default))!.Progress);
        var another = Make.Workspace("another", TimeProvider.System);
        Assert.IsType<AdmissionOutcome.Saved>(await after.AddAsync(another, Make.Activity(another, TimeProvider.System), 10, CapacityBudget.Unlimited, default));
    }

    [Theory]
    [InlineData("MakingDisk", ProgressStep.MakingDisk)]
    [InlineData("CopyingDisk", ProgressStep.CopyingDisk)]
    [InlineData("Booting", ProgressStep.Booting)]
    [InlineData("Connecting", ProgressStep.Connecting)]
    [InlineData("StartingEditor", ProgressStep.StartingEditor)]
    [InlineData("AStepOfALaterVersion", null)]
    [InlineData("Connecting to the network", null)]
    [InlineData("2", null)]
    public async Task A_step_is_stored_by_a_name_that_never_changes_and_an_unknown_one_is_no_progress(string stored, ProgressStep? read)
    {
        var process = await database.StartProcessAsync();
        var store = process.GetRequiredService<IWorkspaceStore>();
        var workspace = Make.Workspace("on-its-way", TimeProvider.System) with { Progress = read };
        await store.AddAsync(workspace, Make.Activity(workspace, TimeProvider.System), 10, CapacityBudget.Unlimited, default);
        await using (var db = await process.GetRequiredService<IDbContextFactory<TidepoolDbContext>>().CreateDbContextAsync())
        {
            if (read is not null)
            {
                Assert.Equal([stored], await db.Database.SqlQuery<string>($"SELECT Progress AS Value FROM Workspaces").ToListAsync());
            }

            await db.Database.ExecuteSqlAsync($"UPDATE Workspaces SET Progress = {stored}");
        }

        Assert.Equal(read, (await store.FindAsync(workspace.Id, default))!.Progress);
    }

    [Fact]
    public async Task Every_connection_is_set_up_alike_also_one_that_comes_back_from_the_pool()
    {
        const long full = 2;
        var contexts = (await database.StartProcessAsync()).GetRequiredService<IDbContextFactory<TidepoolDbContext>>();
        for (var round = 0; round < 2; round++)
        {
            await using var db = await contexts.CreateDbContextAsync();
            await using var another = await contexts.CreateDbContextAsync();
            await another.Database.OpenConnectionAsync();
            await db.Database.OpenConnectionAsync();

            foreach (var connection in (DatabaseFacade[])[db.Database, another.Database])
            {
                Assert.Equal(["wal"], await connection.SqlQuery<string>($"PRAGMA journal_mode").ToListAsync());
                Assert.Equal([full], await connection.SqlQuery<long>($"PRAGMA synchronous").ToListAsync());
                Assert.Equal([1L], await connection.SqlQuery<long>($"PRAGMA foreign_keys").ToListAsync());
                Assert.Equal([0L], await connection.SqlQuery<long>($"PRAGMA trusted_schema").ToListAsync());
                Assert.Equal([30_000L], await connection.SqlQuery<long>($"PRAGMA busy_timeout").ToListAsync());

                // The next user of the connection must not inherit this.
                await connection.ExecuteSqlAsync($"PRAGMA synchronous = OFF");
            }
        }
    }

    [Fact]
    public async Task A_write_that_waits_too_long_for_another_fails_as_a_store_failure_and_reads_go_on()
    {
        await database.StartProcessAsync();
        var impatient = database.AddProcess(options => options.BusyTimeout = TimeSpan.FromMilliseconds(20));
        var (store, leases) = (impatient.GetRequiredService<IWorkspaceStore>(), impatient.GetRequiredService<ILeaseStore>());
        await using var connection = new SqliteConnection($"Data Source={database.Path};Pooling=False");
        await connection.OpenAsync();
        await using var writing = connection.BeginTransaction(deferred: false);

        await Assert.ThrowsAsync<StoreException>(() =>
            leases.TryAcquireAsync("thing", "one", DateTimeOffset.UnixEpoch, TimeSpan.FromMinutes(1), default));

        Assert.Empty(await store.ListAllAsync(default));
        await writing.RollbackAsync();
        Assert.NotNull(await leases.TryAcquireAsync("thing", "one", DateTimeOffset.UnixEpoch, TimeSpan.FromMinutes(1), default));
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_is_a_store_failure()
    {
        var process = await database.StartProcessAsync();
        var store = process.GetRequiredService<IWorkspaceStore>();
        var workspace = Make.FullWorkspace("as-it-was", TimeProvider.System);
        await store.AddAsync(workspace, Make.Activity(workspace, TimeProvider.System), 10, CapacityBudget.Unlimited, default);
        await using (var db = await process.GetRequiredService<IDbContextFactory<TidepoolDbContext>>().CreateDbContextAsync())
        {
            await db.Database.ExecuteSqlAsync($"UPDATE Workspaces SET Name = '../../elsewhere'");
        }

        await Assert.ThrowsAsync<StoreException>(() => store.ListAllAsync(default));
        await Assert.ThrowsAsync<StoreException>(() => store.FindAsync(workspace.Id, default));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_a_store_failure()
    {
        await File.WriteAllTextAsync(database.Path, new string('x', 4096));

        await Assert.ThrowsAsync<StoreException>(() => database.AddProcess().InitializeTidepoolDbAsync());
    }

    [Fact]
    public async Task A_store_that_was_never_initialized_fails_as_a_store_failure()
    {
        var store = database.AddProcess().GetRequiredService<IWorkspaceStore>();

        await Assert.ThrowsAsync<StoreException>(() => store.ListAllAsync(default));
        Assert.Empty(Files());
    }

    [Theory]
    [InlineData("")]
    [InlineData("relative.db")]
    [InlineData("/no-such-folder/tidepool.db")]
    public async Task A_path_that_cannot_be_is_named_at_the_start(string path)
    {
        var process = database.AddProcess(options => options.Path = path);

        var fault = await Assert.ThrowsAsync<OptionsValidationException>(() => process.InitializeTidepoolDbAsync());
        Assert.Contains(nameof(DbOptions.Path), fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_newest_removals_are_kept()
    {
        var process = await database.StartProcessAsync();
        var store = process.GetRequiredService<IWorkspaceStore>();
        await using (var db = await process.GetRequiredService<IDbContextFactory<TidepoolDbContext>>().CreateDbContextAsync())
        {
            db.Removals.AddRange(Enumerable.Range(1, RemovalRow.Kept).Select(revision =>
                new RemovalRow { Revision = revision, Workspace = Guid.NewGuid(), Name = "long-gone" }));
            await db.SaveChangesAsync();
            await db.Revisions.ExecuteUpdateAsync(row => row.SetProperty(r => r.Value, RemovalRow.Kept));
        }

        var workspace = Make.Workspace("latest", TimeProvider.System);
        await store.AddAsync(workspace, Make.Activity(workspace, TimeProvider.System), 10, CapacityBudget.Unlimited, default);
        var lease = await process.GetRequiredService<ILeaseStore>().TryAcquireAsync("any", "one", DateTimeOffset.UnixEpoch, TimeSpan.FromMinutes(1), default);
        Assert.True(await store.TryRemoveAsync(lease!, workspace with { Version = 1 }, Make.Activity(workspace, TimeProvider.System), default));

        await using var after = await process.GetRequiredService<IDbContextFactory<TidepoolDbContext>>().CreateDbContextAsync();
        Assert.Equal(RemovalRow.Kept, await after.Removals.CountAsync());
        Assert.Equal(2, await after.Removals.MinAsync(row => row.Revision));
        Assert.Equal(RemovalRow.Kept + 2, await after.Removals.MaxAsync(row => row.Revision));
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    /// <summary>Such a directory passes its group on to what is made in it.</summary>
    private void ShareDirectory() => File.SetUnixFileMode(
        Path.GetDirectoryName(database.Path)!, OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.SetGroup);

    private string[] Files() => Directory.GetFiles(Path.GetDirectoryName(database.Path)!);
}
