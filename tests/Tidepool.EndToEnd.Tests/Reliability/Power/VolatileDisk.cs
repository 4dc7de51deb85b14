using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tidepool.EndToEnd.Tests.Reliability.Power;

/// <summary>
/// A disk that forgets what it was not told to flush, as a file that <c>mount -o loop</c> takes: the loop device hands each flush of a
/// file system on as an fsync. A process of its own serves it (<c>tests/Tidepool.VolatileDisk</c>), since the kernel may wait
/// for that process at any moment.
/// </summary>
internal sealed partial class VolatileDisk : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);
    private readonly Process process;

    private VolatileDisk(string file, Process process) => (File, this.process) = (file, process);

    public string File { get; }

    /// <param name="folder">Where the file of the disk is to be.</param>
    /// <param name="platter">What a disk keeps: an existing file of its size. It outlives the disk.</param>
    public static async Task<VolatileDisk> StartAsync(string folder, string platter)
    {
        var file = Path.Combine(folder, "disk");
        await System.IO.File.WriteAllTextAsync(file, "");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Tidepool.VolatileDisk.dll"), file, platter]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        var disk = new VolatileDisk(file, Process.Start(start)!);
        Assert.Equal("ready", await disk.NextAsync());

        // The kernel learns the size of the disk.
        Assert.Equal(new FileInfo(platter).Length, new FileInfo(file).Length);
        return disk;
    }

    /// <summary>The power goes now.</summary>
    public async Task<PowerCut> CutAsync(int seed)
    {
        await process.StandardInput.WriteLineAsync($"cut {seed}");
        return await UntilCutAsync();
    }

    /// <summary>The power will go at the disk's so-manieth write from now.</summary>
    public Task CutAfterAsync(int seed, int writes) => process.StandardInput.WriteLineAsync($"arm {seed} {writes}");

    /// <summary>Waits for the power to go.</summary>
    public async Task<PowerCut> UntilCutAsync()
    {
        var match = Cut().Match(await NextAsync() ?? "");
        Assert.True(match.Success, "The disk ended without a cut.");
        return new PowerCut(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>Takes the disk away, with what was not flushed.</summary>
    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Timeout);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException fault)
        {
            process.Kill();
            throw new TimeoutException("The disk did not end: something still has it open.", fault);
        }
        finally
        {
            process.Dispose();
        }
    }

    private async Task<string?> NextAsync()
    {
        using var limit = new CancellationTokenSource(Timeout);
        return await process.StandardOutput.ReadLineAsync(limit.Token);
    }

    [GeneratedRegex(@"^cut (\d+) (\d+)$")]
    private static partial Regex Cut();
}

/// <summary>What a cut did to the blocks of 4 KiB that were written and not flushed.</summary>
/// <param name="Lost">How many are lost.</param>
/// <param name="Unflushed">How many there were.</param>
internal sealed record PowerCut(int Lost, int Unflushed);
