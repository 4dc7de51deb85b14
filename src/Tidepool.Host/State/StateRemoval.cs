using Tidepool.Host.Files;
using Tidepool.Host.Runtimes;

namespace Tidepool.Host.State;

/// <summary>Removes what Tidepool made in its state directory, and the directory once it is empty. What others put there stays.</summary>
public sealed class StateRemoval(RuntimeCatalog runtimes, StateDirectory state)
{
    private static readonly string[] Directories = ["run", "caddy", "server", "database", "images", "logs", ".logs", "cache", "bin"];
    private static readonly string[] Files = ["settings.json", "auth.json", "session-key", "session-token", "proxy-secret", "tidepool.db"];

    public bool HasAnything => Directory.Exists(state.Run) || File.Exists(state.Settings) || Directory.Exists(state.Images);

    /// <summary>Returns what it found that is not ours.</summary>
    public IReadOnlyList<string> Run()
    {
        foreach (var directory in Directories.Select(name => state.At(name)).Where(Directory.Exists))
        {
            DirectoryTree.Remove(directory);
        }

        foreach (var runtime in runtimes.All)
        {
            runtime.RemoveDirectory(state);
        }

        foreach (var file in Directory.EnumerateFiles(state.Root).Where(path => Files.Any(name => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal))))
        {
            File.Delete(file);
        }

        var foreign = Directory.EnumerateFileSystemEntries(state.Root).ToList();
        if (foreign.Count == 0)
        {
            Directory.Delete(state.Root);
        }

        return foreign;
    }
}
