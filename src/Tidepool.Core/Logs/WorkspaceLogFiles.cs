using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Logs;

/// <summary>
/// Workspace logs as JSON lines, <c>{name}/log.jsonl</c> below one directory, 0600. At <see cref="MaxBytes"/> the file is
/// renamed to <c>log.1.jsonl</c> and begun anew, so a workspace never takes more than twice that.
/// </summary>
public sealed partial class WorkspaceLogFiles(string directory, ILogger<WorkspaceLogFiles> logger) : IWorkspaceLog, IDisposable
{
    private const long MaxBytes = 1024 * 1024;
    private static readonly UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly SemaphoreSlim oneWriter = new(1);

    public async Task AppendAsync(WorkspaceName workspace, IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        if (entries.Count == 0)
        {
            return;
        }

        await oneWriter.WaitAsync(cancellationToken);
        try
        {
            var path = CurrentFile(workspace);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (new FileInfo(path) is { Exists: true, Length: > MaxBytes })
            {
                File.Move(path, OlderFile(workspace), overwrite: true);
            }

            var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, UnixCreateMode = Private };

            await using var file = new FileStream(path, options);
            foreach (var entry in entries)
            {
                file.Write(JsonSerializer.SerializeToUtf8Bytes(entry, LogJson.Default.LogEntry));
                file.WriteByte((byte)'\n');
            }
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

    public async Task<IReadOnlyList<LogEntry>> ReadAsync(WorkspaceName workspace, int tail, CancellationToken cancellationToken)
    {
        var lines = new List<LogEntry>();
        foreach (var path in new[] { OlderFile(workspace), CurrentFile(workspace) })
        {
            if (!File.Exists(path))
            {
                continue;
            }

            await foreach (var line in File.ReadLinesAsync(path, cancellationToken))
            {
                if (Parse(line) is { } entry)
                {
                    lines.Add(entry);
                }
            }
        }

        return lines.Count <= tail ? lines : lines[^tail..];
    }

    public void Dispose() => oneWriter.Dispose();

    private static LogEntry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, LogJson.Default.LogEntry);
        }
        catch (JsonException)
        {
            // The last line of a process that was killed while writing it.
            return null;
        }
    }

    private string CurrentFile(WorkspaceName workspace) => Path.Combine(directory, workspace.Value, "log.jsonl");

    private string OlderFile(WorkspaceName workspace) => Path.Combine(directory, workspace.Value, "log.1.jsonl");

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of {WorkspaceName} could not be written.")]
    private partial void LogNotWritten(WorkspaceName workspaceName, Exception fault);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LogEntry))]
internal sealed partial class LogJson : JsonSerializerContext;
