using Tidepool.Host.State;

namespace Tidepool.Host.Runtimes;

/// <summary>The machines that lie in a state directory, by what each runtime leaves on the disk: also while nothing runs.</summary>
internal static class RuntimeMachines
{
    public static IReadOnlyList<string> Of(RuntimeCatalog runtimes, StateDirectory state) => [.. All(runtimes, state).Select(machine => machine.Name).Order(StringComparer.Ordinal)];

    /// <summary>
    /// The runtime whose machines lie in a state directory that has lost its settings; if there are none, the runtime that has
    /// prepared its own directory; null if none has.
    /// </summary>
    /// <exception cref="CommandException">There are machines of two runtimes.</exception>
    public static RuntimeDescriptor? RuntimeOf(RuntimeCatalog runtimes, StateDirectory state)
    {
        var found = All(runtimes, state).Select(machine => machine.Runtime).Distinct().ToList();
        return found switch
        {
            [var only] => only,
            [] => runtimes.All.FirstOrDefault(runtime => runtime.HasPrepared(state)),
            [var first, ..] => throw new CommandException(
                $"{state.Settings} is missing, and {state.Root} has machines of {string.Join(" and ", found.Select(runtime => runtime.DisplayName))}. Put the file back, or write one that names the runtime of your workspaces: {{\"Tidepool\":{{\"RuntimeInUse\":\"{first.Name}\"}}}}."),
        };
    }

    private static IEnumerable<(RuntimeDescriptor Runtime, string Name)> All(RuntimeCatalog runtimes, StateDirectory state) =>
        from runtime in runtimes.All
        from directory in runtime.MachineDirectories(state)
        where Directory.Exists(directory)
        from path in Directory.EnumerateFileSystemEntries(directory)
        where IsWorkspaces(Path.GetFileName(path))
        select (runtime, Path.GetFileName(path));

    /// <summary>Whether the machine is a workspace's; a runtime may put more around the id. What an interrupted import of an image left is not.</summary>
    private static bool IsWorkspaces(string machine) => machine.Contains("ws-", StringComparison.Ordinal);
}
