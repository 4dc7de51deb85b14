using Microsoft.Extensions.Logging;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Jobs;

/// <summary>
/// Has the reconciler run for a job's workspace, each workspace once at a time, and completes, delays or dead-letters the job.
/// A job is completed only after its work. The queue hands an unfinished job out again.
/// </summary>
public sealed partial class JobRunner(IJobQueue queue, Reconciler reconciler, BackOff backOff, TimeProvider time, ILogger<JobRunner> logger)
{
    /// <summary>How long a job is hidden from others once handed out; renewed while its work goes on.</summary>
    public static readonly TimeSpan Visibility = TimeSpan.FromSeconds(30);

    /// <summary>Those of workspaces that have a job now, each with the number of its jobs.</summary>
    private readonly Dictionary<WorkspaceId, (WorkspaceQueue Queue, int Jobs)> turns = [];

    /// <summary>Never throws: whatever happens, the job is completed, given back, or left to come back by itself.</summary>
    /// <param name="job">As it was handed out.</param>
    /// <param name="owner">The worker's name; see <see cref="Reconciler.ReconcileAsync"/>.</param>
    /// <param name="stoppingToken">Ends the work between two steps.</param>
    public async Task RunAsync(ReceivedJob job, string owner, CancellationToken stoppingToken)
    {
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["JobId"] = job.Id, ["WorkspaceId"] = job.Job.Workspace });
        using var ended = new CancellationTokenSource();
        var extending = ExtendAsync(job, ended.Token);
        var turn = Enter(job.Job.Workspace);
        try
        {
            if (!turn.TryQueue())
            {
                // Another job already waits for this workspace. Its run begins later than now, so it does this job's work too.
                await queue.CompleteAsync(job, stoppingToken);
                return;
            }

            var result = await turn.RunAsync(() => reconciler.ReconcileAsync(job.Job.Workspace, owner, stoppingToken));
            await AnswerAsync(job, result, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The job stays unfinished: the next worker's first sweep covers it.
        }
        catch (Exception fault)
        {
            // The job comes back by itself after its visibility time-out.
            LogFailed(job.Job.Workspace, job.Attempt, fault);
        }
        finally
        {
            Leave(job.Job.Workspace);
            End(ended);
            await extending;
        }
    }

    private WorkspaceQueue Enter(WorkspaceId workspace)
    {
        lock (turns)
        {
            var (turn, jobs) = turns.GetValueOrDefault(workspace, (new WorkspaceQueue(), 0));
            turns[workspace] = (turn, jobs + 1);
            return turn;
        }
    }

    private void Leave(WorkspaceId workspace)
    {
        lock (turns)
        {
            var (turn, jobs) = turns[workspace];
            if (jobs == 1)
            {
                turns.Remove(workspace);
            }
            else
            {
                turns[workspace] = (turn, jobs - 1);
            }
        }
    }

    private Task<bool> AnswerAsync(ReceivedJob job, ReconcileResult result, CancellationToken cancellationToken) => result switch
    {
        ReconcileResult.Settled => queue.CompleteAsync(job, cancellationToken),
        ReconcileResult.Retry => queue.ReleaseAsync(job, backOff.After(job.Attempt), cancellationToken),
        _ => queue.ReleaseAsync(job, backOff.WhileBusy(), cancellationToken),
    };

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
            // At worst the job is handed out again, and that run finds everything done.
            LogNotExtended(job.Job.Workspace, fault);
        }
    }

    /// <summary>On this thread: nothing slow hangs on it, and a test that owns the threads can follow.</summary>
    private static void End(CancellationTokenSource source) => source.Cancel();

    [LoggerMessage(Level = LogLevel.Error, Message = "Reconciling {WorkspaceId} failed at attempt {Attempt}.")]
    private partial void LogFailed(WorkspaceId workspaceId, int attempt, Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The job for {WorkspaceId} could not be kept hidden.")]
    private partial void LogNotExtended(WorkspaceId workspaceId, Exception fault);
}
