using System.Globalization;
using System.Text;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Testing;

/// <summary>
/// All stores as their contracts say, without a database: for tests that need thousands of them. Passes the same contract tests as
/// the real ones.
/// </summary>
public sealed class InMemoryStore(IJobTable jobs, TimeProvider time, INotification? jobsNotification = null, INotification? changesNotification = null)
    : IWorkspaceStore, ILeaseStore, IChangeStore, IActivityStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<WorkspaceId, Workspace> workspaces = [];
    private readonly Dictionary<string, Lease> leases = [];
    private readonly Dictionary<string, long> released = [];
    private readonly List<Activity> activities = [];
    private readonly List<Removal> removals = [];
    private long revision;

    public Task<Workspace?> FindAsync(WorkspaceId id, CancellationToken cancellationToken) =>
        DoAsync(() => workspaces.GetValueOrDefault(id), cancellationToken);

    public Task<Workspace?> FindByNameAsync(WorkspaceName name, CancellationToken cancellationToken) =>
        DoAsync(() => workspaces.Values.FirstOrDefault(w => w.Name == name), cancellationToken);

    public Task<Page<Workspace>> ListAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        DoAsync(
            () =>
            {
                var after = cursor is null ? null : Read(cursor, 'w');
                var page = workspaces.Values
                    .Select(w => (Workspace: w, Position: string.Create(CultureInfo.InvariantCulture, $"{w.CreatedAt.UtcTicks:D19} {w.Id}")))
                    .Where(w => after is null || string.CompareOrdinal(w.Position, after) < 0)
                    .OrderByDescending(w => w.Position, StringComparer.Ordinal)
                    .Take(limit + 1)
                    .ToList();
                return new Page<Workspace>([.. page.Take(limit).Select(w => w.Workspace)], page.Count > limit ? Cursor('w', page[limit - 1].Position) : null);
            },
            cancellationToken);

    public Task<IReadOnlyList<Workspace>> ListAllAsync(CancellationToken cancellationToken) =>
        DoAsync<IReadOnlyList<Workspace>>(() => [.. workspaces.Values.OrderBy(w => w.Revision)], cancellationToken);

    public Task<AdmissionOutcome> AddAsync(Workspace workspace, Activity activity, int limit, CapacityBudget budget, CancellationToken cancellationToken) =>
        DoAsync<AdmissionOutcome>(
            () =>
            {
                if (workspaces.Values.Any(w => w.Name == workspace.Name))
                {
                    return new AdmissionOutcome.Refused(new Refusal.NameTaken(workspace.Name));
                }

                if (workspaces.Count >= limit)
                {
                    return new AdmissionOutcome.Refused(new Refusal.WorkspaceLimit(limit));
                }

                if (Admission.Refuse(budget, workspaces.Values, workspace) is { } refusal)
                {
                    return new AdmissionOutcome.Refused(refusal);
                }

                workspaces.Add(workspace.Id, workspace with { Version = 1, Revision = ++revision });
                Note(activity);
                Record(workspace.Id);
                changesNotification?.Notify();
                return new AdmissionOutcome.Saved();
            },
            cancellationToken);

    public Task<AdmissionOutcome> AdmitAsync(Workspace workspace, Activity activity, CapacityBudget budget, CancellationToken cancellationToken) =>
        DoAsync<AdmissionOutcome>(
            () =>
            {
                if (workspaces.GetValueOrDefault(workspace.Id)?.Version != workspace.Version)
                {
                    return new AdmissionOutcome.Outdated();
                }

                if (Admission.Refuse(budget, workspaces.Values, workspace) is { } refusal)
                {
                    return new AdmissionOutcome.Refused(refusal);
                }

                TryReplace(workspace);
                Note(activity);
                Record(workspace.Id);
                return new AdmissionOutcome.Saved();
            },
            cancellationToken);

    public Task<bool> TrySaveIntentAsync(Workspace workspace, Activity activity, CancellationToken cancellationToken) =>
        DoAsync(
            () =>
            {
                if (!TryReplace(workspace))
                {
                    return false;
                }

                Note(activity);
                Record(workspace.Id);
                return true;
            },
            cancellationToken);

    public Task<bool> TrySaveObservationAsync(Lease lease, Workspace workspace, Activity? activity, CancellationToken cancellationToken) =>
        DoAsync(
            () =>
            {
                if (!IsHeld(lease) || !TryReplace(workspace))
                {
                    return false;
                }

                if (activity is not null)
                {
                    Note(activity);
                }

                return true;
            },
            cancellationToken);

    public Task<bool> TrySavePortsSeenAsync(Workspace workspace, CancellationToken cancellationToken) =>
        DoAsync(() => TryReplace(workspace), cancellationToken);

    public Task<bool> TrySaveAccessAsync(WorkspaceId id, DateTimeOffset at, CancellationToken cancellationToken) =>
        DoAsync(
            () => workspaces.GetValueOrDefault(id) is { } workspace
                && !(workspace.LastAccessedAt >= at)
                && TryReplace(workspace with { LastAccessedAt = at }),
            cancellationToken);

    public Task<bool> TryRemoveAsync(Lease lease, Workspace workspace, Activity activity, CancellationToken cancellationToken) =>
        DoAsync(
            () =>
            {
                if (!IsHeld(lease) || workspaces.GetValueOrDefault(workspace.Id)?.Version != workspace.Version)
                {
                    return false;
                }

                workspaces.Remove(workspace.Id);
                leases.Remove(lease.Resource);
                removals.Add(new Removal(workspace.Id, workspace.Name, ++revision));
                Note(activity);
                changesNotification?.Notify();
                return true;
            },
            cancellationToken);

    public Task<ChangeSet> ReadAsync(long revision, CancellationToken cancellationToken) =>
        DoAsync(
            () => new ChangeSet(
                this.revision,
                [.. workspaces.Values.Where(w => w.Revision > revision).OrderBy(w => w.Revision)],
                [.. removals.Where(r => revision > 0 && r.Revision > revision)]),
            cancellationToken);

    public Task<Page<Activity>> ListAsync(WorkspaceId? workspace, int limit, string? cursor, CancellationToken cancellationToken) =>
        DoAsync(
            () =>
            {
                var before = cursor is null ? long.MaxValue : long.Parse(Read(cursor, 'a'), NumberStyles.None, CultureInfo.InvariantCulture);
                var page = activities
                    .Where(a => a.Sequence < before && (workspace is null || a.Workspace == workspace))
                    .OrderByDescending(a => a.Sequence)
                    .Take(limit + 1)
                    .ToList();
                return new Page<Activity>([.. page.Take(limit)], page.Count > limit ? Cursor('a', page[limit - 1].Sequence.ToString(CultureInfo.InvariantCulture)) : null);
            },
            cancellationToken);

    public Task<Lease?> TryAcquireAsync(string resource, string owner, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken) =>
        DoAsync(
            () =>
            {
                var before = leases.GetValueOrDefault(resource);
                if (before is not null && !released.ContainsKey(resource) && before.Owner != owner && before.ExpiresAt > now)
                {
                    return null;
                }

                released.Remove(resource);
                return leases[resource] = new Lease(resource, owner, (before?.Epoch ?? 0) + 1, now + duration);
            },
            cancellationToken);

    public Task<Lease?> TryRenewAsync(Lease lease, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken) =>
        DoAsync(() => IsHeld(lease) ? leases[lease.Resource] = lease with { ExpiresAt = now + duration } : null, cancellationToken);

    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) =>
        DoAsync(() => IsHeld(lease) && released.TryAdd(lease.Resource, lease.Epoch), cancellationToken);

    /// <summary>Who holds a resource, whatever its expiry says; null if it was never held or was given back.</summary>
    public Lease? HolderOf(string resource)
    {
        lock (gate)
        {
            return released.ContainsKey(resource) ? null : leases.GetValueOrDefault(resource);
        }
    }

    private Task<T> DoAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        lock (gate)
        {
            return Task.FromResult(work());
        }
    }

    private bool IsHeld(Lease lease) =>
        !released.ContainsKey(lease.Resource)
        && leases.GetValueOrDefault(lease.Resource) is { } held
        && held.Owner == lease.Owner
        && held.Epoch == lease.Epoch;

    private bool TryReplace(Workspace workspace)
    {
        if (workspaces.GetValueOrDefault(workspace.Id) is not { } before || before.Version != workspace.Version)
        {
            return false;
        }

        workspaces[workspace.Id] = workspace with
        {
            Name = before.Name,
            CreatedAt = before.CreatedAt,
            Version = before.Version + 1,
            Revision = ++revision,
        };
        changesNotification?.Notify();
        return true;
    }

    private void Note(Activity activity) => activities.Add(activity with { Sequence = activities.Count + 1 });

    private void Record(WorkspaceId workspace)
    {
        // The table works at once, so nothing has to be awaited.
        _ = jobs.AddAsync(new Job(workspace), time.GetUtcNow(), CancellationToken.None);
        jobsNotification?.Notify();
    }

    private static string Cursor(char list, string position) => Convert.ToBase64String(Encoding.UTF8.GetBytes(list + position));

    private static string Read(string cursor, char list)
    {
        var bytes = new byte[cursor.Length];
        return Convert.TryFromBase64String(cursor, bytes, out var length) && length > 1 && bytes[0] == list
            ? Encoding.UTF8.GetString(bytes, 1, length - 1)
            : throw new InvalidCursorException();
    }
}
