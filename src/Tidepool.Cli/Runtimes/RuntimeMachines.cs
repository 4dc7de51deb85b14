using Tidepool.Cli.State;

namespace Tidepool.Cli.Runtimes;

/// <summary>The machines that lie in a state directory, by what each runtime leaves on the disk: also while nothing runs.</summary>
internal static class RuntimeMachines
{
    private static readonly string[][] Places = [["incus", "containers"], ["incus", "virtual-machines"], ["qemu", "machines"]];

    public static IReadOnlyList<string> Of(StateDirectory state) =>
        [.. Places.Select(place => state.At(place)).Where(Directory.Exists).SelectMany(Directory.EnumerateFileSystemEntries).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
