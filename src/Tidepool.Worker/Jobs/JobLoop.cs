using System.Collections.Concurrent;
using Tidepool.Core.Jobs;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Worker.Jobs;

/// <summary>Takes jobs and has the reconciler look at their workspaces, several at once, but each workspace once at a time.</summary>
internal sealed partial class JobLoop(IJobQueue queue, Reconciler reconciler, TimeProvider time, ILogger<JobLoop> logger) : BackgroundService
{
    private const int Concurrency = 16;
    private const string Owner = "worker";
    private static readonly TimeSpan Visibility = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<WorkspaceId, WorkspaceTurn> turns = new();

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
                    jobs = await queue.ReceiveAsync(1, Visibility, LongPoll, stoppingToken);
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
                    var work = HandleAsync(job, stoppingToken);
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

    private async Task HandleAsync(ReceivedJob job, CancellationToken stoppingToken)
    {
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["JobId"] = job.Id, ["WorkspaceId"] = job.Job.Workspace });
        using var ended = new CancellationTokenSource();
        var extending = ExtendAsync(job, ended.Token);
        try
        {
            var turn = turns.GetOrAdd(job.Job.Workspace, _ => new WorkspaceTurn());
            if (!turn.TryQueue())
            {
                // Somebody already waits for this workspace and will look at it later than now, on this job's behalf too.
                await queue.CompleteAsync(job, stoppingToken);
                return;
            }

            var result = await turn.RunAsync(() => reconciler.ReconcileAsync(job.Job.Workspace, Owner, stoppingToken));
            await AnswerAsync(job, result, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Left where it is: the next worker's first sweep looks at it.
        }
        catch (Exception fault)
        {
            // The job comes back by itself after its visibility time-out.
            LogFailed(job.Job.Workspace, job.Attempt, fault);
        }
        finally
        {
            await ended.CancelAsync();
            await extending;
        }
    }

    private Task<bool> AnswerAsync(ReceivedJob job, ReconcileResult result, CancellationToken cancellationToken) => result switch
    {
        ReconcileResult.Settled => queue.CompleteAsync(job, cancellationToken),
        ReconcileResult.Retry => queue.ReleaseAsync(job, BackOff(job.Attempt), cancellationToken),
        _ => queue.ReleaseAsync(job, TimeSpan.FromSeconds(1), cancellationToken),
    };

    private static TimeSpan BackOff(int attempt) =>
        TimeSpan.FromSeconds(Math.Min(10, 0.25 * Math.Pow(2, attempt)) * (0.75 + (Random.Shared.NextDouble() / 2)));

    private async Task ExtendAsync(ReceivedJob job, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Visibility / 3, time, cancellationToken);
                await queue.ExtendAsync(job, Visibility, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The work has ended.
        }
        catch (StoreException fault)
        {
            // At worst the job is handed out again, and that look finds everything done.
            LogNotExtended(job.Job.Workspace, fault);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking at {WorkspaceId} failed at attempt {Attempt}.")]
    private partial void LogFailed(WorkspaceId workspaceId, int attempt, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue does not answer; trying again.")]
    private partial void LogQueueDown(Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The job for {WorkspaceId} could not be kept hidden.")]
    private partial void LogNotExtended(WorkspaceId workspaceId, Exception fault);
}
