using Tidepool.Core.Jobs;

namespace Tidepool.Testing;

/// <summary>A job table as its contract says, without a database. Counts how often it is polled.</summary>
public sealed class InMemoryJobTable(INotification? notification = null) : IJobTable
{
    private readonly Lock gate = new();
    private readonly List<Entry> jobs = [];
    private readonly List<DeadJob> dead = [];
    private int lastId;

    public int Polls { get; private set; }

    /// <summary>When the next job becomes visible; null if there is none.</summary>
    public DateTimeOffset? NextVisibleAt
    {
        get
        {
            lock (gate)
            {
                return jobs.Min(e => (DateTimeOffset?)e.VisibleAt);
            }
        }
    }

    public int DeadLetters
    {
        get
        {
            lock (gate)
            {
                return dead.Count;
            }
        }
    }

    public Task AddAsync(Job job, DateTimeOffset visibleAt, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (jobs.Exists(e => e.Job == job && e.Receipt is null && e.Attempts == 0 && e.VisibleAt <= visibleAt))
            {
                return Task.CompletedTask;
            }

            jobs.Add(new Entry($"{++lastId}", job) { VisibleAt = visibleAt });
        }

        notification?.Notify();
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ReceivedJob>> TakeAsync(
        int max, DateTimeOffset now, DateTimeOffset visibleAgainAt, int maxAttempts, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            Polls++;
            foreach (var entry in jobs.Where(e => e.VisibleAt <= now && e.Attempts >= maxAttempts).ToList())
            {
                jobs.Remove(entry);
                dead.Insert(0, new DeadJob(entry.Id, entry.Job, entry.Attempts, now));
            }

            var taken = jobs.Where(e => e.VisibleAt <= now).OrderBy(e => e.VisibleAt).Take(max).ToList();
            taken.ForEach(e =>
            {
                e.Attempts++;
                e.VisibleAt = visibleAgainAt;
                e.Receipt = $"{e.Attempts}";
            });
            return Task.FromResult<IReadOnlyList<ReceivedJob>>(taken.ConvertAll(e => new ReceivedJob(e.Id, e.Receipt!, e.Job, e.Attempts)));
        }
    }

    public Task<bool> RescheduleAsync(ReceivedJob job, DateTimeOffset visibleAt, bool release, CancellationToken cancellationToken) =>
        Task.FromResult(IfHeld(job, entry =>
        {
            entry.VisibleAt = visibleAt;
            entry.Receipt = release ? null : entry.Receipt;
        }));

    public Task<bool> RemoveAsync(ReceivedJob job, CancellationToken cancellationToken) =>
        Task.FromResult(IfHeld(job, entry => jobs.Remove(entry)));

    public Task<DateTimeOffset?> NextVisibleAtAsync(CancellationToken cancellationToken) => Task.FromResult(NextVisibleAt);

    public Task<IReadOnlyList<DeadJob>> ListDeadAsync(int limit, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return Task.FromResult<IReadOnlyList<DeadJob>>([.. dead.Take(limit)]);
        }
    }

    /// <summary>Delivers one of the jobs a second time.</summary>
    public void Repeat(int which, DateTimeOffset visibleAt) =>
        Tamper(which, entry => jobs.Add(new Entry($"{++lastId}", entry.Job) { VisibleAt = visibleAt }));

    /// <summary>Loses one of the jobs, which no queue may do.</summary>
    public void Lose(int which) => Tamper(which, entry => jobs.Remove(entry));

    /// <summary>Delivers one of the jobs later, and so after others.</summary>
    public void Postpone(int which, TimeSpan by) => Tamper(which, entry => entry.VisibleAt += by);

    private void Tamper(int which, Action<Entry> change)
    {
        lock (gate)
        {
            if (jobs.Count > 0)
            {
                change(jobs[which % jobs.Count]);
            }
        }
    }

    private bool IfHeld(ReceivedJob job, Action<Entry> change)
    {
        lock (gate)
        {
            if (jobs.Find(e => e.Id == job.Id && e.Receipt == job.Receipt) is not { } held)
            {
                return false;
            }

            change(held);
            return true;
        }
    }

    private sealed class Entry(string id, Job job)
    {
        public string Id => id;

        public Job Job => job;

        public DateTimeOffset VisibleAt { get; set; }

        public int Attempts { get; set; }

        public string? Receipt { get; set; }
    }
}
