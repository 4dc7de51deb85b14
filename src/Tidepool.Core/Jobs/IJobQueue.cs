using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Jobs;

/// <summary>The only message there is: reconcile this workspace.</summary>
public sealed record Job(WorkspaceId Workspace);

/// <summary>A job that was handed out and is hidden from others until its visibility time-out.</summary>
/// <param name="Id">The message's id, the same over all attempts.</param>
/// <param name="Receipt">Names this hand-out; an older one completes or extends nothing.</param>
/// <param name="Job">The work to do.</param>
/// <param name="Attempt">How often it was handed out, this time included.</param>
public sealed record ReceivedJob(string Id, string Receipt, Job Job, int Attempt);

/// <summary>A job that was handed out too often without being completed.</summary>
public sealed record DeadJob(string Id, Job Job, int Attempts, DateTimeOffset DiedAt);

/// <summary>At-least-once queue. A job may come late, twice, or out of order; it is never lost.</summary>
public interface IJobQueue
{
    Task SendAsync(Job job, TimeSpan delay, CancellationToken cancellationToken);

    /// <summary>
    /// Up to <paramref name="max"/> jobs, hidden from others for <paramref name="visibility"/>. Waits up to <paramref name="wait"/>
    /// for the first one, without busy polling; empty when none came.
    /// </summary>
    Task<IReadOnlyList<ReceivedJob>> ReceiveAsync(int max, TimeSpan visibility, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>Hides the job for <paramref name="visibility"/> from now. False if the hand-out is no longer ours.</summary>
    Task<bool> ExtendAsync(ReceivedJob job, TimeSpan visibility, CancellationToken cancellationToken);

    /// <summary>The work is done; the job is gone. False if the hand-out is no longer ours.</summary>
    Task<bool> CompleteAsync(ReceivedJob job, CancellationToken cancellationToken);

    /// <summary>Gives the job back, to be handed out again after <paramref name="delay"/>. False if the hand-out is no longer ours.</summary>
    Task<bool> ReleaseAsync(ReceivedJob job, TimeSpan delay, CancellationToken cancellationToken);

    /// <summary>The dead letters, newest first.</summary>
    Task<IReadOnlyList<DeadJob>> ListDeadAsync(int limit, CancellationToken cancellationToken);
}

/// <summary>
/// The table that jobs are recorded in together with the intent they belong to. The embedded queue hands out of it;
/// for an outside queue it is the outbox. All times are given by the caller, so that a test owns the clock.
/// </summary>
public interface IJobTable
{
    /// <summary>Records a job, visible from <paramref name="visibleAt"/>. A job for the same workspace that was never handed out and is visible no later stands for it.</summary>
    Task AddAsync(Job job, DateTimeOffset visibleAt, CancellationToken cancellationToken);

    /// <summary>
    /// Atomically takes up to <paramref name="max"/> visible jobs under new receipts, counting an attempt each. Jobs that have
    /// had <paramref name="maxAttempts"/> attempts are moved to the dead letters instead.
    /// </summary>
    Task<IReadOnlyList<ReceivedJob>> TakeAsync(int max, DateTimeOffset now, DateTimeOffset visibleAgainAt, int maxAttempts, CancellationToken cancellationToken);

    /// <summary>Moves the time at which a held job becomes visible again; with <paramref name="release"/> its receipt ends too.</summary>
    Task<bool> RescheduleAsync(ReceivedJob job, DateTimeOffset visibleAt, bool release, CancellationToken cancellationToken);

    Task<bool> RemoveAsync(ReceivedJob job, CancellationToken cancellationToken);

    /// <summary>When the next job becomes visible, or null if there is none at all.</summary>
    Task<DateTimeOffset?> NextVisibleAtAsync(CancellationToken cancellationToken);

    Task<IReadOnlyList<DeadJob>> ListDeadAsync(int limit, CancellationToken cancellationToken);
}
