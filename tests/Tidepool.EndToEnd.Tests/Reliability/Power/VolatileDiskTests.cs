using Microsoft.Data.Sqlite;
using Tidepool.EndToEnd.Tests.Isolation;

namespace Tidepool.EndToEnd.Tests.Reliability.Power;

/// <summary>That the disk of <see cref="PowerLossTests"/> loses what a disk may lose and keeps what it must keep, so that the proof can fail.</summary>
public sealed class VolatileDiskTests : IAsyncLifetime
{
    private const int Block = 4096;
    private const int Blocks = 64;
    private const int Rows = 200;
    private const int Seed = 7;
    private readonly string folder = Directory.CreateTempSubdirectory("tp-volatile-").FullName;

    private string Platter => Path.Combine(folder, "platter");

    private string Mounted => Path.Combine(folder, "mounted");

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root" && File.Exists("/dev/fuse"), "A disk of its own needs Linux with FUSE, and root.");
        Directory.CreateDirectory(Mounted);
        await OutsideWorld.ShellAsync($"truncate -s 256M {Platter} && mkfs.ext4 -q -F {Platter}");
    }

    public async ValueTask DisposeAsync()
    {
        await OutsideWorld.ShellAsync($"umount {Mounted}", mayFail: true);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_flushed_write_is_kept_and_an_unflushed_one_may_be_lost()
    {
        await using var disk = await VolatileDisk.StartAsync(folder, Platter);
        await using var file = new FileStream(disk.File, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        await WriteAsync(file, 'a');
        file.Flush(flushToDisk: true);
        await WriteAsync(file, 'b');
        Assert.Equal(new string('b', Blocks), await ReadAsync(file));

        var cut = await disk.CutAsync(Seed);

        await using var platter = new FileStream(Platter, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var kept = await ReadAsync(platter);
        Assert.All(kept, block => Assert.True(block is 'a' or 'b'));
        Assert.Equal(new PowerCut(kept.Count(block => block == 'a'), Blocks), cut);
        Assert.InRange(cut.Lost, 1, Blocks - 1);
        await Assert.ThrowsAsync<IOException>(() => WriteAsync(file, 'c'));
    }

    [Fact]
    public async Task A_file_that_was_synchronized_outlives_the_cut_and_one_that_was_not_is_gone()
    {
        await using (var disk = await VolatileDisk.StartAsync(folder, Platter))
        {
            await OutsideWorld.ShellAsync($"mount -o loop {disk.File} {Mounted} && cd {Mounted} && echo kept >safe && sync safe && echo lost >unsafe");
            await disk.CutAsync(Seed);
            await OutsideWorld.ShellAsync($"umount {Mounted}");
        }

        await OutsideWorld.ShellAsync($"mount -o loop {Platter} {Mounted}");
        Assert.Equal("kept\n", await File.ReadAllTextAsync(Path.Combine(Mounted, "safe"), TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Path.Combine(Mounted, "unsafe")));
    }

    [Theory]
    [InlineData("FULL", true)]
    [InlineData("OFF", false)]
    public async Task A_database_keeps_what_it_confirmed_only_if_it_waits_for_the_disk(string synchronous, bool keeps)
    {
        await using (var disk = await VolatileDisk.StartAsync(folder, Platter))
        {
            await OutsideWorld.ShellAsync($"mount -o loop {disk.File} {Mounted}");
            await using (var connection = await OpenAsync())
            {
                await RunAsync(connection, $"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; CREATE TABLE confirmed (number INTEGER)");
                await OutsideWorld.ShellAsync($"sync -f {Mounted}");
                for (var row = 0; row < Rows; row++)
                {
                    await RunAsync(connection, $"INSERT INTO confirmed VALUES ({row})");
                }

                await disk.CutAsync(Seed);
            }

            await OutsideWorld.ShellAsync($"umount {Mounted}");
        }

        await OutsideWorld.ShellAsync($"mount -o loop {Platter} {Mounted}");
        await using var again = await OpenAsync();
        Assert.Equal(keeps, await RunAsync(again, "SELECT COUNT(*) FROM confirmed") == Rows);
    }

    private async Task<SqliteConnection> OpenAsync()
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(Mounted, "database")};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    private static async Task<long> RunAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync() is long number ? number : 0;
    }

    private static async Task WriteAsync(FileStream file, char with)
    {
        file.Position = 0;
        for (var block = 0; block < Blocks; block++)
        {
            await file.WriteAsync(Enumerable.Repeat((byte)with, Block).ToArray());
        }
    }

    /// <summary>What each block is full of.</summary>
    private static async Task<string> ReadAsync(FileStream file)
    {
        var all = new byte[Blocks * Block];
        file.Position = 0;
        await file.ReadExactlyAsync(all);
        return string.Concat(all.Chunk(Block).Select(block => (char)Assert.Single(block.Distinct())));
    }
}
