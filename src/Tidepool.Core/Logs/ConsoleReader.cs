using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Logs;

/// <summary>One console: when to read it again, how far it was read, and how much of it may be logged.</summary>
internal sealed class ConsoleReader(IConsoleBookmarks bookmarks, TimeProvider time)
{
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(16);
    private readonly ConsoleAllowance allowance = new(time);
    private ConsoleBookmark? bookmark;
    private WorkspaceStatus? status;
    private TimeSpan interval = OnItsWay;
    private long last;

    public bool IsDue(Workspace workspace)
    {
        if (status != workspace.Status)
        {
            status = workspace.Status;
            interval = OnItsWay;
            return true;
        }

        // What is stopped was read to its end when it was seen to be.
        return status != WorkspaceStatus.Stopped && time.GetElapsedTime(last) >= interval;
    }

    public string? PositionIn(Workspace workspace) => (bookmark ??= bookmarks.Load(workspace)).Position;

    /// <summary>The lines to log. The bookmark is moved first, so that a crash in between loses them, and never logs them twice.</summary>
    public IReadOnlyList<LogEntry> Take(Workspace workspace, ConsoleOutput output)
    {
        last = time.GetTimestamp();
        var before = bookmark!;
        if (output.Bytes.IsEmpty && before.Rest.Length == 0)
        {
            Slower();
            return [];
        }

        interval = workspace.Status is WorkspaceStatus.Running or WorkspaceStatus.Error ? Shortest : OnItsWay;
        var (lines, rest) = ConsoleLines.Split((byte[])[.. before.Rest, .. output.Bytes.Span]);
        if (output.Bytes.IsEmpty || workspace.Status == WorkspaceStatus.Stopped)
        {
            // No more came: a prompt, or the last output of a machine.
            lines.Add(ConsoleLines.Text(rest));
            rest = [];
        }

        bookmark = before with { Position = output.Position, Rest = rest };
        bookmarks.Save(workspace, bookmark);
        return Entries(lines, output.IsCut);
    }

    public void PutOff()
    {
        last = time.GetTimestamp();
        Slower();
    }

    private List<LogEntry> Entries(List<string> lines, bool isCut)
    {
        var at = time.GetUtcNow();
        var kept = allowance.Newest(lines);
        var entries = new List<LogEntry>();
        if (isCut || kept.Count < lines.Count)
        {
            entries.Add(new LogEntry(at, LogSources.Lifecycle, "The guest writes more to its console than is kept; some of it is left out here."));
        }

        entries.AddRange(kept.Where(line => line.Length > 0).Select(line => new LogEntry(at, LogSources.Console, line)));
        return entries;
    }

    private void Slower() => interval = interval * 2 < Longest ? interval * 2 : Longest;
}
