using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Accesses;

/// <summary>
/// Keeps each workspace's <see cref="Workspace.LastAccessedAt"/>. The proxy's log has a line for each request as it ends; what is
/// still open, an editor's WebSocket above all, is seen among the machine's connections. Writes each workspace at most once a minute.
/// </summary>
public sealed class AccessWatch(IWorkspaceStore store, IAccessLog log, IConnectionTable connections, TimeProvider time)
{
    private static readonly TimeSpan WriteInterval = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Between two polls of the connections. A connection that both polls see is in use; a probe that connects and hangs up is
    /// not. The proxy keeps an idle connection for up to two minutes, so a use may be reported that much too long.
    /// </summary>
    private static readonly TimeSpan ConnectionInterval = TimeSpan.FromSeconds(10);

    private readonly Dictionary<WorkspaceName, DateTimeOffset> unwritten = [];
    private HashSet<OpenConnection> seen = [];
    private DateTimeOffset? connectionsAt;

    /// <summary>One poll. Repeatable: what was written already is not written again.</summary>
    /// <exception cref="StoreException">The database cannot be asked; what was found is kept for the next poll.</exception>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        foreach (var access in await log.ReadAsync(cancellationToken))
        {
            Note(access.Workspace, access.At < now ? access.At : now);
        }

        var connectionsAreDue = connectionsAt is not { } last || (now - last).Duration() >= ConnectionInterval;
        if (unwritten.Count == 0 && !connectionsAreDue)
        {
            return;
        }

        var workspaces = await store.ListAllAsync(cancellationToken);
        if (connectionsAreDue)
        {
            connectionsAt = now;
            NoteConnections(workspaces, now);
        }

        await WriteAsync(workspaces, now, cancellationToken);
    }

    private void Note(WorkspaceName name, DateTimeOffset at)
    {
        if (!unwritten.TryGetValue(name, out var known) || known < at)
        {
            unwritten[name] = at;
        }
    }

    private void NoteConnections(IReadOnlyList<Workspace> workspaces, DateTimeOffset now)
    {
        var running = workspaces.Where(w => w is { Status: WorkspaceStatus.Running, Address: not null }).ToLookup(w => w.Address!);
        var open = connections.Read(running.Select(group => group.Key).ToHashSet()).ToHashSet();
        foreach (var workspace in open.Where(seen.Contains).Select(connection => connection.Remote.Address).Distinct().SelectMany(address => running[address]))
        {
            Note(workspace.Name, now);
        }

        seen = open;
    }

    private async Task WriteAsync(IReadOnlyList<Workspace> workspaces, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var byName = workspaces.ToDictionary(workspace => workspace.Name);
        foreach (var (name, at) in unwritten.ToList())
        {
            // A name can have been another's before.
            if (!byName.TryGetValue(name, out var workspace) || at < workspace.CreatedAt || at <= workspace.LastAccessedAt)
            {
                unwritten.Remove(name);
            }
            else if (workspace.LastAccessedAt is not { } written || now - written >= WriteInterval)
            {
                await store.TrySaveAccessAsync(workspace.Id, at, cancellationToken);
                unwritten.Remove(name);
            }
        }
    }
}
