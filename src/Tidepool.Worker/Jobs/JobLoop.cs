using System.Collections.Concurrent;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;

namespace Tidepool.Worker.Jobs;

/// <summary>
/// Takes jobs as they come and has them run, as many at once as come: most of a job is waiting, and a workspace that waits must not keep
/// another one from its stop. The reconciler limits what is heavy.
/// </summary>
internal sealed partial class JobLoop(IJobQueue queue, JobRunner runner, TimeProvider time, ILogger<JobLoop> logger) : BackgroundService
{
    private const string Owner = "worker";
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new ConcurrentDictionary<Task, bool>();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var job in await queue.ReceiveAsync(1, JobRunner.Visibility, LongPoll, stoppingToken))
                {
                    var work = runner.RunAsync(job, Owner, stoppingToken);
                    running[work] = true;
                    _ = work.ContinueWith(
                        ended => running.TryRemove(ended, out _),
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
