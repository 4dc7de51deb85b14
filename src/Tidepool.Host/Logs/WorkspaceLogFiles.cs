using System.Globalization;
using Microsoft.Extensions.Logging;
using Tidepool.Core.Logs;
using Tidepool.Core.Workspaces;

namespace Tidepool.Host.Logs;

/// <summary>
/// Workspace logs as JSON lines, below one directory: <c>{name}/log-000001.jsonl</c> and so on, of which the newest four of two
/// mebibytes are kept. The logs of workspaces that are gone lie in <c>.deleted/{time}-{name}</c>: the newest twenty, for thirty days.
/// </summary>
public sealed partial class WorkspaceLogFiles(string directory, TimeProvider time, ILogger<WorkspaceLogFiles> logger) : IWorkspaceLog, IDisposable
{
    public const string Deleted = ".deleted";
    private const int DeletedKept = 20;
    private const string TimeFormat = "yyyyMMdd'T'HHmmssfff'Z'";
    private static readonly TimeSpan DeletedKeptFor = TimeSpan.FromDays(30);
    private readonly SemaphoreSlim oneWriter = new(1);

    public Task AppendAsync(WorkspaceName workspace, IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken) =>
        entries.Count == 0 ? Task.CompletedTask : WriteAsync(workspace, () => SegmentsOf(workspace).Append(entries), cancellationToken);

    public Task<LogPage> ReadTailAsync(WorkspaceName workspace, int tail, CancellationToken cancellationToken) =>
        Task.Run(() => SegmentsOf(workspace).ReadTail(tail), cancellationToken);

    public Task<LogPage> ReadAfterAsync(WorkspaceName workspace, LogPosition after, CancellationToken cancellationToken) =>
        Task.Run(() => SegmentsOf(workspace).ReadAfter(after), cancellationToken);

    public IReadOnlyList<WorkspaceName> Names()
    {
        var names = new List<WorkspaceName>();
        foreach (var path in Directory.Exists(directory) ? Directory.EnumerateDirectories(directory) : [])
        {
            if (WorkspaceName.TryParse(Path.GetFileName(path), out var name))
            {
                names.Add(name);
            }
        }

        return names;
    }

    public Task RetireAsync(WorkspaceName workspace, CancellationToken cancellationToken) =>
        WriteAsync(workspace, () => Retire(workspace), cancellationToken);

    public void Dispose() => oneWriter.Dispose();

    private void Retire(WorkspaceName workspace)
    {
        var now = time.GetUtcNow();
        var deleted = Path.Combine(directory, Deleted);
        LogSegments.CreateDirectory(deleted);
        if (Directory.Exists(DirectoryOf(workspace)))
        {
            var stamp = now.ToString(TimeFormat, CultureInfo.InvariantCulture);
            Directory.Move(DirectoryOf(workspace), Path.Combine(deleted, $"{stamp}-{workspace}"));
        }

        // The names begin with the time, so they are in its order.
        var oldest = (now - DeletedKeptFor).ToString(TimeFormat, CultureInfo.InvariantCulture);
        var kept = Directory.EnumerateDirectories(deleted).OrderDescending(StringComparer.Ordinal).ToList();
        foreach (var path in kept.Where((path, at) => at >= DeletedKept || string.CompareOrdinal(Path.GetFileName(path), oldest) < 0))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private async Task WriteAsync(WorkspaceName workspace, Action write, CancellationToken cancellationToken)
    {
        await oneWriter.WaitAsync(cancellationToken);
        try
        {
            LogSegments.CreateDirectory(directory);
            write();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A full disk must not stop the work that is being reported on.
            LogNotWritten(workspace, fault);
        }
        finally
        {
            oneWriter.Release();
        }
    }

    private LogSegments SegmentsOf(WorkspaceName workspace) => new(DirectoryOf(workspace));

    private string DirectoryOf(WorkspaceName workspace) => Path.Combine(directory, workspace.Value);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of {WorkspaceName} could not be written.")]
    private partial void LogNotWritten(WorkspaceName workspaceName, Exception fault);
}
