using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Logs;

/// <summary>
/// Brings what guests write to their consoles into the logs of their workspaces: every second while a machine comes up or goes
/// down, else the more rarely the longer it says nothing. Also puts the logs of workspaces aside that are gone.
/// </summary>
public sealed partial class ConsoleWatch(
    IWorkspaceStore store, IWorkspaceRuntime runtime, IWorkspaceLog log, IConsoleBookmarks bookmarks, TimeProvider time, ILogger<ConsoleWatch> logger)
{
    private const int AtOnce = 4;
    private static readonly TimeSpan RetireInterval = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<WorkspaceId, ConsoleReader> readers = new();
    private long? retired;

    /// <summary>One poll of the consoles that are due.</summary>
    /// <exception cref="StoreException">The database cannot be asked.</exception>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        // In this order: a log is begun only for a workspace that is there.
        var logged = IsTimeToRetire() ? log.Names() : [];
        var workspaces = await store.ListAllAsync(cancellationToken);
        foreach (var gone in logged.Except(workspaces.Select(workspace => workspace.Name)))
        {
            await log.RetireAsync(gone, cancellationToken);
        }

        foreach (var gone in readers.Keys.Except(workspaces.Select(workspace => workspace.Id)))
        {
            readers.TryRemove(gone, out _);
        }

        await Parallel.ForEachAsync(
            workspaces.Where(workspace => workspace is { Provisioned: true, Desired: not DesiredState.Deleted }),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (workspace, token) => await LookAsync(workspace, token));
    }

    private async Task LookAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        var reader = readers.GetOrAdd(workspace.Id, _ => new ConsoleReader(bookmarks, time));
        if (!reader.IsDue(workspace))
        {
            return;
        }

        try
        {
            var output = await runtime.ReadConsoleAsync(workspace.Instance, reader.PositionIn(workspace), cancellationToken);
            await log.AppendAsync(workspace.Name, reader.Take(workspace, output), cancellationToken);
        }
        catch (RuntimeException fault)
        {
            reader.PutOff();
            LogNoConsole(workspace.Name, fault);
        }
    }

    private bool IsTimeToRetire()
    {
        if (retired is { } last && time.GetElapsedTime(last) < RetireInterval)
        {
            return false;
        }

        retired = time.GetTimestamp();
        return true;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The console of {WorkspaceName} could not be read.")]
    private partial void LogNoConsole(WorkspaceName workspaceName, Exception fault);
}
