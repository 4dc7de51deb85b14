using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Tidepool.Caddy.Tests;

/// <summary>The log as a file that is rolled, cut off, gone and half written.</summary>
public sealed class CaddyAccessLogRollTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("tp-access-");
    private readonly CaddyAccessLog log;
    private int written;

    public CaddyAccessLogRollTests() => log = Open();

    private string Current => Path.Combine(folder.FullName, "access.log");

    private string Rolled => Path.Combine(folder.FullName, "access-2030-01-02T03-04-05.678-size.log");

    [Fact]
    public async Task What_is_appended_is_read_once()
    {
        Assert.Empty(await ReadAsync());
        Append(Line("one"), Line("two"));
        Assert.Equal(["one", "two"], await ReadAsync());
        Assert.Empty(await ReadAsync());
        Append(Line("three"));
        Assert.Equal(["three"], await ReadAsync());
    }

    [Fact]
    public async Task A_line_that_is_half_written_is_read_when_it_is_whole()
    {
        var line = Line("whole");
        Append(Line("first"), line[..20]);
        Assert.Equal(["first"], await ReadAsync());
        Append(line[20..]);
        Assert.Equal(["whole"], await ReadAsync());
    }

    [Fact]
    public async Task What_was_unread_when_the_file_was_rolled_is_read_from_where_it_is_now()
    {
        Append(Line("read"));
        await ReadAsync();
        Append(Line("unread"));
        File.Move(Current, Rolled);
        Append(Line("fresh"));
        Assert.Equal(["unread", "fresh"], await ReadAsync());
        Append(Line("later"));
        Assert.Equal(["later"], await ReadAsync());
    }

    [Fact]
    public async Task A_file_that_was_emptied_is_read_from_its_start()
    {
        Append(Line("one"), Line("two"));
        await ReadAsync();
        File.WriteAllText(Current, "");
        Assert.Empty(await ReadAsync());
        Append(Line("again"));
        Assert.Equal(["again"], await ReadAsync());
    }

    [Fact]
    public async Task A_file_that_was_emptied_and_has_grown_past_where_it_was_read_is_read_from_its_start()
    {
        Append(Line("one"));
        await ReadAsync();
        File.Delete(Current);
        Append(Line("new"), Line("newer"), Line("newest"));
        Assert.Equal(["new", "newer", "newest"], await ReadAsync());
    }

    [Fact]
    public async Task Who_starts_reads_all_that_is_there()
    {
        Append(Line("rolled"));
        File.Move(Current, Rolled);
        Append(Line("current"));
        Assert.Equal(["rolled", "current"], await ReadAsync());
        Assert.Equal(["rolled", "current"], [.. (await Open().ReadAsync(TestContext.Current.CancellationToken)).Select(access => access.Workspace.Value)]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("""{"ts":1}""")]
    [InlineData("""{"ts":"soon","workspace":"demo"}""")]
    [InlineData("""{"ts":1e300,"workspace":"demo"}""")]
    [InlineData("""{"ts":1,"workspace":"../../etc"}""")]
    public void What_shows_no_use_is_passed_over(string line) => Assert.Null(CaddyAccessLog.Parse(System.Text.Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void A_line_says_when_and_which_workspace() =>
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1893553445250), CaddyAccessLog.Parse("""{"ts":1893553445.25,"workspace":"demo"}"""u8)!.At);

    public void Dispose() => folder.Delete(recursive: true);

    private CaddyAccessLog Open() => new(Options.Create(new CaddyOptions { AccessLogFile = Current }), NullLogger<CaddyAccessLog>.Instance);

    private string Line(string name) => string.Create(CultureInfo.InvariantCulture, $$"""{"ts":{{1893553445.5 + ++written}},"workspace":"{{name}}"}""") + "\n";

    private void Append(params string[] text) => File.AppendAllText(Current, string.Concat(text));

    private async Task<IEnumerable<string>> ReadAsync() => (await log.ReadAsync(TestContext.Current.CancellationToken)).Select(access => access.Workspace.Value);
}
