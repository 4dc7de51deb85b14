using System.Text.Json;
using Tidepool.Core.State;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Logs;

/// <summary>The bookmarks in the directory of the logs. If one is lost, its console is logged again, nothing else.</summary>
public sealed class ConsoleBookmarks(string directory)
{
    private const string Name = "console.json";

    internal ConsoleBookmark Load(Workspace workspace)
    {
        var none = new ConsoleBookmark(workspace.Instance.ToString(), null, []);
        try
        {
            var found = JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(workspace)), LogJson.Default.ConsoleBookmark);
            return found?.Instance == none.Instance ? found with { Rest = found.Rest ?? [] } : none;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return none;
        }
    }

    internal void Save(Workspace workspace, ConsoleBookmark bookmark)
    {
        try
        {
            PrivateFiles.CreateGroupDirectory(directory);
            PrivateFiles.CreateGroupDirectory(Path.GetDirectoryName(PathOf(workspace))!);
            PrivateFiles.ReplaceForGroup(PathOf(workspace), JsonSerializer.SerializeToUtf8Bytes(bookmark, LogJson.Default.ConsoleBookmark));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A full disk takes no log either.
        }
    }

    private string PathOf(Workspace workspace) => Path.Combine(directory, workspace.Name.Value, Name);
}
