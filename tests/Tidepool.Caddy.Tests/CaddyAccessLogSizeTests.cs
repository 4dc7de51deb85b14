using Tidepool.Core.Accesses;

namespace Tidepool.Caddy.Tests;

/// <summary>A log that is nearly full when Caddy starts.</summary>
[Collection(Collection)]
public sealed class CaddyAccessLogSizeTests : CaddyTest
{
    private const int FullBytes = 1024 * 1024;
    private const string Filler = """{"ts":1.5,"workspace":"filler"}""" + "\n";

    protected override Task PrepareAsync() =>
        File.WriteAllTextAsync(Caddy.AccessLogFile, string.Concat(Enumerable.Repeat(Filler, (FullBytes / Filler.Length) - 2)), TestContext.Current.CancellationToken);

    [Fact]
    public async Task A_full_log_is_rolled_and_no_line_of_it_is_lost()
    {
        await ApplyAsync(Route("alice", Alice));
        Assert.NotEmpty(await AccessLog.ReadAsync(TestContext.Current.CancellationToken));
        for (var i = 0; i < 10; i++)
        {
            await GetTextAsync("/workspace/alice/");
        }

        var accesses = new List<Access>();
        while (accesses.Count < 10)
        {
            accesses.AddRange(await AccessLog.ReadAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(10, accesses.Count(access => access.Workspace.Value == "alice"));
        var files = Directory.GetFiles(Caddy.Root, "access*.log");
        Assert.Equal(2, files.Length);
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }
}
