using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Core.Accesses;
using Tidepool.Core.Workspaces;
using Tidepool.Host.Files;

namespace Tidepool.Caddy;

/// <summary>
/// Follows the access log that Caddy writes. A file is identified by its first line, because Caddy renames a full file and begins
/// a new one: the unread rest is then read under the new name. Nothing is remembered beyond this process: after a restart the
/// worker reads what is there once more.
/// </summary>
internal sealed partial class CaddyAccessLog(IOptions<CaddyOptions> options, ILogger<CaddyAccessLog> logger) : IAccessLog
{
    /// <summary>What Caddy keeps of one file at most, with room to spare; more cannot be of its making.</summary>
    private const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Caddy keeps one rolled file, and has two for a moment. The worker reads no more names than this.</summary>
    private const int MaxRolled = 16;

    /// <summary>A line has a time and a name.</summary>
    private const int MaxLine = 512;

    private string? firstLine;
    private long position;
    private (long Length, DateTime WrittenAt) lastSeen;
    private bool failing;

    public async Task<IReadOnlyList<Access>> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var accesses = await ReadNewAsync(cancellationToken);
            failing = false;
            return accesses;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            if (!failing)
            {
                LogUnreadable(fault);
            }

            failing = true;
            return [];
        }
    }

    /// <summary>From a line of the log; null if it is not one of ours, or cut off.</summary>
    internal static Access? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            return root.TryGetProperty("ts", out var at)
                && root.TryGetProperty("workspace", out var name) && WorkspaceName.TryParse(name.GetString(), out var workspace)
                ? new Access(workspace, DateTimeOffset.UnixEpoch.AddSeconds(at.GetDouble()))
                : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<Access>> ReadNewAsync(CancellationToken cancellationToken)
    {
        var file = new FileInfo(options.Value.AccessLogFile);
        if (!file.Exists || (file.Length, file.LastWriteTimeUtc) == lastSeen)
        {
            return [];
        }

        var seen = (file.Length, file.LastWriteTimeUtc);
        var accesses = new List<Access>();
        await using var stream = ForeignFile.OpenRead(file.FullName);
        if (await FirstLineAsync(stream, cancellationToken) is not { } beginning)
        {
            return [];
        }

        if (beginning != firstLine || position > stream.Length)
        {
            await ReadRolledAsync(file, accesses, cancellationToken);
            (firstLine, position) = (beginning, 0);
        }

        position = await TakeAsync(stream, position, accesses, cancellationToken);
        lastSeen = seen;
        return accesses;
    }

    /// <summary>What is unread of the file that was followed until now; all there is, if none was.</summary>
    private async Task ReadRolledAsync(FileInfo file, List<Access> accesses, CancellationToken cancellationToken)
    {
        var pattern = $"{Path.GetFileNameWithoutExtension(file.Name)}-*{file.Extension}";
        if (file.Directory!.EnumerateFiles(pattern).Take(MaxRolled).MaxBy(rolled => rolled.Name, StringComparer.Ordinal) is not { } newest)
        {
            return;
        }

        await using var stream = ForeignFile.OpenRead(newest.FullName);
        if (firstLine is null || await FirstLineAsync(stream, cancellationToken) == firstLine)
        {
            await TakeAsync(stream, firstLine is null ? 0 : position, accesses, cancellationToken);
        }
    }

    /// <summary>Returns where the last whole line ends.</summary>
    private static async Task<long> TakeAsync(FileStream stream, long from, List<Access> accesses, CancellationToken cancellationToken)
    {
        stream.Position = from;
        var content = new byte[Math.Clamp(stream.Length - from, 0, MaxBytes)];
        var length = await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken);
        var begin = 0;
        while (Array.IndexOf(content, (byte)'\n', begin, length - begin) is >= 0 and var end)
        {
            if (Parse(content.AsSpan(begin, end - begin)) is { } access)
            {
                accesses.Add(access);
            }

            begin = end + 1;
        }

        return from + begin;
    }

    /// <summary>Null while not even that is whole.</summary>
    private static async Task<string?> FirstLineAsync(FileStream stream, CancellationToken cancellationToken)
    {
        var content = new byte[MaxLine];
        var length = await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, cancellationToken);
        return Array.IndexOf(content, (byte)'\n', 0, length) is > 0 and var end ? Encoding.UTF8.GetString(content, 0, end) : null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Caddy's access log cannot be read; until it can, the use of workspaces is not recorded.")]
    private partial void LogUnreadable(Exception fault);
}
