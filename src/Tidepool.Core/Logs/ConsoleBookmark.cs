using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Logs;

/// <summary>How far a console was read, as it is kept beside its log for a worker that comes later.</summary>
/// <param name="Instance">The machine whose console it is.</param>
/// <param name="Position">What the runtime said.</param>
/// <param name="Rest">A line that has not ended yet.</param>
public sealed record ConsoleBookmark(string Instance, string? Position, byte[] Rest);

/// <summary>Keeps the bookmarks. If one is lost, its console is logged again, nothing else; so neither call fails.</summary>
public interface IConsoleBookmarks
{
    /// <summary>The bookmark of this workspace's machine; one of the console's beginning where there is none.</summary>
    ConsoleBookmark Load(Workspace workspace);

    void Save(Workspace workspace, ConsoleBookmark bookmark);
}
