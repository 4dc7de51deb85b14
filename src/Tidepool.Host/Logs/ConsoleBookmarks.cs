using System.Text.Json;
using Tidepool.Core.Logs;
using Tidepool.Core.Workspaces;
using Tidepool.Host.Files;
using Tidepool.Host.State;

namespace Tidepool.Host.Logs;

/// <summary>The bookmarks in the directory of the logs. If one is lost, its console is logged again, nothing else.</summary>
public sealed class ConsoleBookmarks(string directory) : IConsoleBookmarks
{
    private const string Name = "console.json";

    public ConsoleBookmark Load(Workspace workspace)
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

    public void Save(Workspace workspace, ConsoleBookmark bookmark)
    {
        try
        {
            LogSegments.CreateDirectory(directory);
            LogSegments.CreateDirectory(Path.GetDirectoryName(PathOf(workspace))!);
            DurableFiles.WriteUnsynced(PathOf(workspace), JsonSerializer.SerializeToUtf8Bytes(bookmark, LogJson.Default.ConsoleBookmark), StateDirectory.GroupFile);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A full disk takes no log either.
        }
    }

    private string PathOf(Workspace workspace) => Path.Combine(directory, workspace.Name.Value, Name);
}
