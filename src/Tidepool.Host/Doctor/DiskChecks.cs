using System.Globalization;
using Tidepool.Core.Capacity;
using Tidepool.Host.Processes;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Host.Doctor;

/// <summary>Whether the disk that holds the state directory has room for the workspaces and for their growth.</summary>
public static class DiskChecks
{
    private const long Mebi = 1L << 20;

    internal static async Task<IReadOnlyList<CheckResult>> RunAsync(StateDirectory state, Settings settings, RuntimeDescriptor runtime, CancellationToken cancellationToken)
    {
        var free = new DriveInfo(state.Root).AvailableFreeSpace;
        return
        [
            Reserve(state.Root, free, (settings.Capacity?.DiskReserveMiB ?? new CapacityOptions().DiskReserveMiB) * Mebi),
            .. await runtime.CheckAsync(state, settings, cancellationToken),
        ];
    }

    internal static CheckResult Reserve(string directory, long free, long reserve)
    {
        const string title = "Disk reserve";
        var next = $"Free space on the disk that holds {directory}: once it is full, what workspaces write is lost to them.";
        return free < reserve ? CheckResult.Fail(CheckCodes.Reserve, title, $"{Amounts.Bytes(free)} free; under {Amounts.Bytes(reserve)} no workspace is made.", next)
            : free < 2 * reserve ? CheckResult.Warn(CheckCodes.Reserve, title, $"{Amounts.Bytes(free)} free; under {Amounts.Bytes(reserve)} no workspace is made.", next)
            : CheckResult.Ok(CheckCodes.Reserve, title, $"{Amounts.Bytes(free)} free");
    }

    /// <summary>For a runtime that keeps the workspaces' disks in one file.</summary>
    /// <param name="free">On the disk.</param>
    /// <param name="growth">How much more the pool's file may take; null where there is none yet.</param>
    public static CheckResult PoolGrowth(long free, long? growth)
    {
        const string title = "Storage pool";
        return growth is not { } more ? CheckResult.Ok(CheckCodes.PoolGrowth, title, "not made yet, or no file of this disk")
            : more > free ? CheckResult.Warn(
                CheckCodes.PoolGrowth,
                title,
                $"It may grow by {Amounts.Bytes(more)}, and the disk has {Amounts.Bytes(free)} free.",
                "Keep at least that much free, or delete workspaces that you do not need: when the disk is full before the pool is, running workspaces cannot write.")
            : CheckResult.Ok(CheckCodes.PoolGrowth, title, $"it may grow by {Amounts.Bytes(more)}, which the disk has");
    }

    /// <summary>What is missing between the size that a file says it has and what it takes; null where there is no such file.</summary>
    public static async Task<long?> GrowthAsync(string file, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        var result = await Tool.RunAsync("stat", ["--format", "%s %b %B", file], cancellationToken);
        return result.Succeeded && result.Output.Split(' ', StringSplitOptions.TrimEntries) is [var size, var blocks, var block]
            ? Math.Max(0, Number(size) - (Number(blocks) * Number(block)))
            : null;
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
