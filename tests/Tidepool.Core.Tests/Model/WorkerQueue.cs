using Tidepool.Core.Jobs;
using Tidepool.Testing;

namespace Tidepool.Core.Tests.Model;

/// <summary>The queue as one worker reaches it; jobs are handed out by the model itself.</summary>
internal sealed class WorkerQueue(ModelWorker worker, InMemoryJobTable table, TimeProvider time) : IJobQueue
{
    public async Task SendAsync(Job job, TimeSpan delay, CancellationToken cancellationToken)
    {
        await worker.PassAsync();
        await table.AddAsync(job, time.GetUtcNow() + delay, cancellationToken);
    }

    public Task<IReadOnlyList<ReceivedJob>> ReceiveAsync(int max, TimeSpan visibility, TimeSpan wait, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> ExtendAsync(ReceivedJob job, TimeSpan visibility, CancellationToken cancellationToken) => RescheduleAsync(job, visibility, release: false, cancellationToken);

    public async Task<bool> CompleteAsync(ReceivedJob job, CancellationToken cancellationToken)
    {
        await worker.PassAsync();
        return await table.RemoveAsync(job, cancellationToken);
    }

    public Task<bool> ReleaseAsync(ReceivedJob job, TimeSpan delay, CancellationToken cancellationToken) => RescheduleAsync(job, delay, release: true, cancellationToken);

    public Task<IReadOnlyList<DeadJob>> ListDeadAsync(int limit, CancellationToken cancellationToken) => table.ListDeadAsync(limit, cancellationToken);

    private async Task<bool> RescheduleAsync(ReceivedJob job, TimeSpan delay, bool release, CancellationToken cancellationToken)
    {
        await worker.PassAsync();
        return await table.RescheduleAsync(job, time.GetUtcNow() + delay, release, cancellationToken);
    }
}
