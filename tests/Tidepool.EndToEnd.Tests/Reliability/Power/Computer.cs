using System.Diagnostics;
using Tidepool.EndToEnd.Tests.Isolation;

namespace Tidepool.EndToEnd.Tests.Reliability.Power;

/// <summary>
/// Processes in process and mount namespaces of their own, which the kernel ends all at one instant and whose mounts end with them.
/// Their network is that of the test.
/// </summary>
internal sealed class Computer : IAsyncDisposable
{
    private readonly Process first;

    private Computer(Process first, string inside)
    {
        this.first = first;
        Starts = ["nsenter", "--target", inside, "--pid", "--mount", "--"];
    }

    /// <summary>What to put before a command to run it there.</summary>
    public IReadOnlyList<string> Starts { get; }

    /// <summary>It sees what is mounted now, and nothing that is mounted later.</summary>
    public static async Task<Computer> StartAsync()
    {
        // The shell waits for whatever is left to it, as the first process of a computer must.
        var start = new ProcessStartInfo("unshare", ["--pid", "--mount", "--mount-proc", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", "echo ready; sleep infinity & wait"]) { RedirectStandardOutput = true, UseShellExecute = false };
        var first = Process.Start(start)!;
        Assert.Equal("ready", await first.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        return new Computer(first, (await OutsideWorld.ShellAsync($"cat /proc/{first.Id}/task/{first.Id}/children")).Trim());
    }

    /// <summary>Every process ends at once, and none of them can do anything about it.</summary>
    public async ValueTask DisposeAsync()
    {
        first.Kill();
        await first.WaitForExitAsync();
        first.Dispose();
    }
}
