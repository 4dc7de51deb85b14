using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Tidepool.Host.Processes;

namespace Tidepool.Host.Tests.Processes;

/// <summary>A program that copies much, here from a pipe that the test fills.</summary>
public sealed class ToolTests : IAsyncLifetime
{
    private readonly DirectoryInfo place = Directory.CreateTempSubdirectory("tp-tool-");
    private readonly FakeTimeProvider time = new();

    private string From => Path.Combine(place.FullName, "from");

    private string To => Path.Combine(place.FullName, "to");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Progress is read from Linux's /proc.");
        using var mkfifo = Process.Start("mkfifo", From);
        await mkfifo.WaitForExitAsync(Token);
    }

    public ValueTask DisposeAsync()
    {
        place.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_copy_goes_on_for_as_long_as_it_moves()
    {
        var copy = Tool.CopyAsync("cp", [From, To], time, Token);
        await using (var pipe = new FileStream(From, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0))
        {
            for (var sent = 1; sent <= 5; sent++)
            {
                await pipe.WriteAsync(new byte[4096], Token);
                await UntilAsync(() => File.Exists(To) && new FileInfo(To).Length == sent * 4096);
                time.Advance(TimeSpan.FromMinutes(2));
            }
        }

        await copy;
    }

    [Fact]
    public async Task A_copy_that_does_not_move_is_given_up()
    {
        var copy = Tool.CopyAsync("cp", [From, To], time, Token);
        await using var pipe = new FileStream(From, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMinutes(2));
            return copy.IsCompleted;
        });
        await Assert.ThrowsAsync<ToolException>(() => copy);
    }

    private static async Task UntilAsync(Func<bool> check)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!check())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(1), "It did not come to pass.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Token);
        }
    }
}
