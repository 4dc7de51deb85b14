using System.Collections.Concurrent;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;

namespace Tidepool.Worker.Jobs;

/// <summary>Takes jobs as they come and has them run, several at once.</summary>
internal sealed partial class JobLoop(IJobQueue queue, JobRunner runner, TimeProvider time, ILogger<JobLoop> logger) : BackgroundService
{
    private const int Concurrency = 16;
    private const string Owner = "worker";
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var slots = new SemaphoreSlim(Concurrency);
        var running = new ConcurrentDictionary<Task, bool>();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await slots.WaitAsync(stoppingToken);
                IReadOnlyList<ReceivedJob> jobs = [];
                try
                {
                    jobs = await queue.ReceiveAsync(1, JobRunner.Visibility, LongPoll, stoppingToken);
                }
                finally
                {
                    if (jobs.Count == 0)
                    {
                        slots.Release();
                    }
                }

                foreach (var job in jobs)
                {
                    var work = runner.RunAsync(job, Owner, stoppingToken);
                    running[work] = true;
                    _ = work.ContinueWith(
                        ended =>
                        {
                            slots.Release();
                            running.TryRemove(ended, out _);
                        },
                        CancellationToken.None,
                        TaskContinuationOptions.ExecuteSynchronously,
                        TaskScheduler.Default);
                }
            }
            catch (StoreException fault)
            {
                LogQueueDown(fault);
                await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
        }

        await Task.WhenAll(running.Keys);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue does not answer; trying again.")]
    private partial void LogQueueDown(Exception fault);
}
