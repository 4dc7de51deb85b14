using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tidepool.Core.Logs;
using Tidepool.Core.Workspaces;
using Tidepool.Host.Logs;

namespace Tidepool.Host.Tests.Logs;

public sealed class WorkspaceLogFilesTests : IDisposable
{
    private const UnixFileMode OwnerAndGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private static readonly WorkspaceName Demo = WorkspaceName.Parse("demo");
    private readonly string root = Directory.CreateTempSubdirectory("tidepool-logs-").FullName;
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly WorkspaceLogFiles log;

    public WorkspaceLogFilesTests() => log = Open();

    private string Logs => Path.Combine(root, ".logs");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_last_lines_come_oldest_first_and_what_follows_comes_after_them()
    {
        await WriteAsync(1, 5);
        var tail = await log.ReadTailAsync(Demo, 3, Token);
        Assert.Equal(["3", "4", "5"], Messages(tail));
        Assert.Empty((await log.ReadAfterAsync(Demo, tail.Position, Token)).Entries);

        await WriteAsync(6, 7);
        Assert.Equal(["6", "7"], Messages(await log.ReadAfterAsync(Demo, tail.Position, Token)));
    }

    [Fact]
    public async Task A_log_that_is_not_there_yet_is_empty_and_can_be_followed()
    {
        var none = await log.ReadTailAsync(Demo, 10, Token);
        Assert.Empty(none.Entries);
        await WriteAsync(1, 2);
        Assert.Equal(["1", "2"], Messages(await log.ReadAfterAsync(Demo, none.Position, Token)));
    }

    [Fact]
    public async Task Who_follows_gets_every_line_once_however_often_a_new_file_is_begun()
    {
        var position = default(LogPosition);
        var read = new List<string>();
        for (var batch = 0; batch < 30; batch++)
        {
            await WriteAsync((batch * 1000) + 1, (batch + 1) * 1000, padding: 180);
            LogPage page;
            while ((page = await log.ReadAfterAsync(Demo, position, Token)).Entries.Count > 0)
            {
                read.AddRange(Messages(page));
                position = page.Position;
            }
        }

        Assert.Equal(Enumerable.Range(1, 30_000), read.Select(text => int.Parse(text, CultureInfo.InvariantCulture)));
        Assert.True(Files().Count > 2, "It did not come to several files.");
        Assert.Equal(Enumerable.Range(29_001, 1000), Messages(await log.ReadTailAsync(Demo, 1000, Token)).Select(text => int.Parse(text, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Whatever_is_written_a_log_never_passes_its_size_and_only_its_owner_and_its_group_read_it()
    {
        for (var batch = 0; batch < 12; batch++)
        {
            await WriteAsync(1, 1000, padding: 2000);
        }

        Assert.Equal(4, Files().Count);
        Assert.True(Files().Sum(file => new FileInfo(file).Length) <= 8 * 1024 * 1024);
        Assert.All(Files(), file => Assert.Equal(OwnerAndGroup, File.GetUnixFileMode(file)));
        Assert.Equal(OwnerAndGroup | UnixFileMode.UserExecute | UnixFileMode.GroupExecute, File.GetUnixFileMode(Path.Combine(Logs, "demo")));
        Assert.Equal(OwnerAndGroup | UnixFileMode.UserExecute | UnixFileMode.GroupExecute, File.GetUnixFileMode(Logs));
    }

    [Fact]
    public async Task Who_stayed_away_until_the_file_was_gone_goes_on_with_the_oldest_that_is_left()
    {
        await WriteAsync(1, 10);
        var old = (await log.ReadTailAsync(Demo, 1, Token)).Position;
        for (var batch = 0; batch < 12; batch++)
        {
            await WriteAsync(100 + (batch * 1000), 1099 + (batch * 1000), padding: 2000);
        }

        var page = await log.ReadAfterAsync(Demo, old, Token);
        var oldest = Files()[0];
        Assert.Equal(File.ReadLines(oldest).First(), $"{{\"at\":\"2026-11-23T12:00:00+00:00\",\"source\":\"console\",\"message\":\"{page.Entries[0].Message}\"}}");
    }

    [Fact]
    public async Task A_line_that_a_killed_writer_left_unfinished_spoils_no_other()
    {
        await WriteAsync(1, 2);
        await File.AppendAllTextAsync(Files()[0], "{\"at\":\"2026-11-2", Token);
        var before = await log.ReadTailAsync(Demo, 10, Token);
        Assert.Equal(["1", "2"], Messages(before));

        using var next = Open();
        await next.AppendAsync(Demo, [Entry("3")], Token);
        Assert.Equal(["1", "2", "3"], Messages(await log.ReadTailAsync(Demo, 10, Token)));
        Assert.Equal(["3"], Messages(await log.ReadAfterAsync(Demo, before.Position, Token)));
    }

    [Fact]
    public async Task What_a_guest_writes_is_one_line_of_printable_json_and_comes_back_as_it_was()
    {
        const string Hostile = "\u001b]0;owned\u0007\u001b[2J\u0000\r\n{\"source\":\"lifecycle\"}\u202e\u009b31m\ud83d\ude00 \ufffd";
        await log.AppendAsync(Demo, [Entry(Hostile)], Token);
        var bytes = await File.ReadAllBytesAsync(Files()[0], Token);

        Assert.All(bytes[..^1], b => Assert.InRange(b, 0x20, 0x7e));
        Assert.Equal(Hostile, Assert.Single((await log.ReadTailAsync(Demo, 10, Token)).Entries).Message);
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_fails_no_operation()
    {
        await File.WriteAllTextAsync(Logs, "in the way", Token);
        await WriteAsync(1, 1);
        Assert.Empty((await log.ReadTailAsync(Demo, 10, Token)).Entries);
    }

    [Fact]
    public async Task The_log_of_a_deleted_workspace_is_set_aside_and_the_next_of_its_name_begins_a_new_log()
    {
        await WriteAsync(1, 3);
        await log.RetireAsync(Demo, Token);
        await log.RetireAsync(Demo, Token);
        Assert.Empty(log.Names());
        Assert.Empty((await log.ReadTailAsync(Demo, 10, Token)).Entries);

        await WriteAsync(4, 4);
        Assert.Equal([Demo], log.Names());
        Assert.Equal(["4"], Messages(await log.ReadTailAsync(Demo, 10, Token)));
        Assert.EndsWith("-demo", Assert.Single(Retired()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_the_logs_that_were_put_aside_the_newest_are_kept_for_a_while()
    {
        for (var round = 0; round < 25; round++)
        {
            time.Advance(TimeSpan.FromDays(1));
            await WriteAsync(1, 1);
            await log.RetireAsync(Demo, Token);
        }

        Assert.Equal(20, Retired().Count);
        Assert.StartsWith("20261218", Retired()[^1], StringComparison.Ordinal);

        time.Advance(TimeSpan.FromDays(29));
        await log.RetireAsync(Demo, Token);
        Assert.Equal(2, Retired().Count);
    }

    [Theory]
    [InlineData("3-1024", true)]
    [InlineData("0-0", true)]
    [InlineData("", false)]
    [InlineData("3", false)]
    [InlineData("-3-4", false)]
    [InlineData("3-4-5", false)]
    [InlineData("3-x", false)]
    [InlineData("99999999999-1", false)]
    public void A_position_is_what_was_given_out_or_refused(string text, bool isOne)
    {
        Assert.Equal(isOne, LogPosition.TryParse(text, out var position));
        Assert.True(!isOne || position.ToString() == text);
    }

    public void Dispose()
    {
        log.Dispose();
        Directory.Delete(root, recursive: true);
    }

    private WorkspaceLogFiles Open() => new(Logs, time, NullLogger<WorkspaceLogFiles>.Instance);

    private Task WriteAsync(int from, int to, int padding = 0) => log.AppendAsync(
        Demo, [.. Enumerable.Range(from, to - from + 1).Select(number => Entry(number.ToString(CultureInfo.InvariantCulture) + (padding > 0 ? " " + new string('.', padding) : "")))], Token);

    private LogEntry Entry(string message) => new(time.GetUtcNow(), LogSources.Console, message);

    private List<string> Files() => [.. Directory.EnumerateFiles(Path.Combine(Logs, "demo")).Order(StringComparer.Ordinal)];

    private List<string> Retired() => [.. Directory.EnumerateDirectories(Path.Combine(Logs, ".deleted")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Messages(LogPage page) => page.Entries.Select(entry => entry.Message.Split(' ')[0]);
}
