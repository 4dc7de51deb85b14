using Tidepool.Host.State;

namespace Tidepool.Host.Runtimes;

/// <summary>The machines that lie in a state directory, by what each runtime leaves on the disk: also while nothing runs.</summary>
internal static class RuntimeMachines
{
    private static readonly (RuntimeKind Runtime, string[] Path)[] Places =
    [
        (RuntimeKind.Incus, ["incus", "containers"]),
        (RuntimeKind.Incus, ["incus", "virtual-machines"]),
        (RuntimeKind.Qemu, ["qemu", "machines"]),
    ];

    public static IReadOnlyList<string> Of(StateDirectory state) => [.. All(state).Select(machine => machine.Name).Order(StringComparer.Ordinal)];

    /// <summary>
    /// The runtime whose machines lie in a state directory that has lost its settings; if there are none, the runtime that has
    /// prepared its own directory; null if none has.
    /// </summary>
    /// <exception cref="CommandException">There are machines of two runtimes.</exception>
    public static RuntimeKind? RuntimeOf(StateDirectory state)
    {
        var found = All(state).Select(machine => machine.Runtime).Distinct().ToList();
        return found switch
        {
            [var only] => only,
            [] when Directory.Exists(state.At("incus", "database")) => RuntimeKind.Incus,
            [] when Directory.Exists(state.Qemu) => RuntimeKind.Qemu,
            [] => null,
            _ => throw new CommandException(
                $"{state.Settings} is missing, and {state.Root} has machines of {string.Join(" and ", found.Select(runtime => runtime.Name()))}. Put the file back, or write one that names the runtime of your workspaces: {{\"Tidepool\":{{\"RuntimeInUse\":\"incus\"}}}}."),
        };
    }

    private static IEnumerable<(RuntimeKind Runtime, string Name)> All(StateDirectory state) =>
        from place in Places
        let directory = state.At(place.Path)
        where Directory.Exists(directory)
        from path in Directory.EnumerateFileSystemEntries(directory)
        where IsWorkspaces(Path.GetFileName(path))
        select (place.Runtime, Path.GetFileName(path));

    /// <summary>Whether the machine is a workspace's; Incus puts its project's name before it. What an interrupted import of an image left is not.</summary>
    private static bool IsWorkspaces(string machine) => machine.Contains("ws-", StringComparison.Ordinal);
}
