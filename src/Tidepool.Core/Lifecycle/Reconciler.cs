using Microsoft.Extensions.Logging;
using Tidepool.Core.Activities;
using Tidepool.Core.Logs;
using Tidepool.Core.Network;
using Tidepool.Core.Routing;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Lifecycle;

/// <summary>
/// Drives one workspace at a time from what is seen to what is wanted: take the lease, observe, take the next step, write
/// what was seen, until both agree. Nothing that matters is remembered between runs, so a crash between any two steps is resumed by the next run.
/// </summary>
public sealed partial class Reconciler(
    IWorkspaceStore store,
    ILeaseStore leases,
    IWorkspaceRuntime runtime,
    IImageCatalog images,
    IReadinessProbe probe,
    RoutePublisher routes,
    BoundaryKeeper boundary,
    IWorkspaceLog log,
    LifecycleOptions options,
    TimeProvider time,
    ILogger<Reconciler> logger) : IDisposable
{
    /// <summary>How long a workspace waits for its turn before it is checked again: the user may want something else by then.</summary>
    private static readonly TimeSpan TurnInterval = TimeSpan.FromSeconds(1);
    private readonly DeadlineWatch deadlines = new(options, time);
    private readonly SemaphoreSlim heavy = new(options.HeavySteps);

    /// <summary>The name of the lease on a workspace.</summary>
    public static string LeaseOn(WorkspaceId id) => $"workspace:{id}";

    /// <summary>One run. Throws only when cancelled or when the database fails (<see cref="StoreException"/>).</summary>
    /// <param name="id">Which workspace.</param>
    /// <param name="owner">The worker's name, its own for each worker. A restarted worker of the same name takes up the leases that it held.</param>
    /// <param name="cancellationToken">Ends the run between two steps; whatever was begun is resumed later.</param>
    public async Task<ReconcileResult> ReconcileAsync(WorkspaceId id, string owner, CancellationToken cancellationToken)
    {
        // Of a workspace that is gone not even a lease shall be left.
        if (await store.FindAsync(id, cancellationToken) is null)
        {
            return new ReconcileResult.Settled();
        }

        var asked = time.GetTimestamp();
        var lease = await leases.TryAcquireAsync(LeaseOn(id), owner, time.GetUtcNow(), options.LeaseDuration, cancellationToken);
        if (lease is null)
        {
            return new ReconcileResult.Busy();
        }

        var keeper = new LeaseKeeper(leases, lease, asked, options.LeaseDuration, time, cancellationToken);
        try
        {
            return await DriveAsync(id, keeper);
        }
        catch (OperationCanceledException) when (keeper.Lost)
        {
            return new ReconcileResult.LeaseLost();
        }
        finally
        {
            await keeper.DisposeAsync();
        }
    }

    public void Dispose() => heavy.Dispose();

    private async Task<ReconcileResult> DriveAsync(WorkspaceId id, LeaseKeeper keeper)
    {
        var cancellationToken = keeper.Work;
        var pace = new StepPace(options, time);
        for (var first = true; ; first = false)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await store.FindAsync(id, cancellationToken) is not { } workspace)
            {
                deadlines.Forget(id);
                return new ReconcileResult.Settled();
            }

            var run = new Run(workspace, keeper);
            try
            {
                if (await TryStepAsync(run, pace, cancellationToken))
                {
                    continue;
                }

                if (first)
                {
                    // Nothing was left to do, so the user may have changed its ports.
                    _ = routes.PublishAsync();
                }

                deadlines.Forget(id);
                return new ReconcileResult.Settled();
            }
            catch (Exception failure) when (failure is RuntimeException || (failure is not StoreException && !cancellationToken.IsCancellationRequested))
            {
                var fault = failure as RuntimeException ?? Unforeseen(workspace, failure);
                LogStepFailed(workspace.Name, fault.Code, fault);
                if (await AnswerFaultAsync(run, fault, cancellationToken))
                {
                    return new ReconcileResult.Retry(fault.Message);
                }
            }
        }
    }

    /// <summary>One check and the step that follows from it; false if nothing is left to do.</summary>
    private async Task<bool> TryStepAsync(Run run, StepPace pace, CancellationToken cancellationToken)
    {
        var workspace = run.Workspace;
        var seen = await runtime.ObserveAsync(workspace.Instance, cancellationToken);
        if (LifecyclePlan.Agrees(workspace, seen))
        {
            return false;
        }

        var isLate = deadlines.IsOver(workspace);
        if (isLate && workspace.Desired != DesiredState.Deleted)
        {
            await FailAsync(run, deadlines.WhyLate(workspace), cancellationToken);
        }
        else if (isLate && workspace.Fault is null)
        {
            await SaveAsync(run.Keeper, workspace with { Fault = LifecycleFaults.DeletionSlow, UpdatedAt = time.GetUtcNow() }, null, cancellationToken);
        }
        else
        {
            var step = LifecyclePlan.Next(workspace, seen);
            await pace.WaitAsync(step, cancellationToken);
            await TakeAsync(run, step, seen, cancellationToken);
            deadlines.Keep(workspace, null);
        }

        return true;
    }

    private Task TakeAsync(Run run, LifecycleStep step, InstanceObservation? seen, CancellationToken cancellationToken)
    {
        LogStep(run.Workspace.Name, step);
        return step switch
        {
            LifecycleStep.Create => InTurnAsync(() => CreateAsync(run, cancellationToken), cancellationToken),
            LifecycleStep.Start => InTurnAsync(() => StartAsync(run, seen!, cancellationToken), cancellationToken),
            LifecycleStep.Wait => WaitAsync(run, cancellationToken),
            LifecycleStep.AwaitEditor => AwaitEditorAsync(run, seen!, cancellationToken),
            LifecycleStep.Stop => StopAsync(run, cancellationToken),
            LifecycleStep.Delete => DeleteAsync(run, cancellationToken),
            LifecycleStep.Forget => ForgetAsync(run, cancellationToken),
            LifecycleStep.SettleStopped => SettleStoppedAsync(run, cancellationToken),
            LifecycleStep.AcceptShutdown => AcceptShutdownAsync(run, cancellationToken),
            LifecycleStep.ReportLoss => FailAsync(run, LifecycleFaults.InstanceLost, cancellationToken),
        };
    }

    /// <summary>Does heavy work when it is this workspace's turn. If that does not come soon, nothing is done, and the next check decides again.</summary>
    private async Task InTurnAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        if (!await heavy.WaitAsync(TurnInterval, cancellationToken))
        {
            return;
        }

        try
        {
            await work();
        }
        finally
        {
            heavy.Release();
        }
    }

    private async Task CreateAsync(Run run, CancellationToken cancellationToken)
    {
        var step = run.Workspace.CloneOf is null ? ProgressStep.MakingDisk : ProgressStep.CopyingDisk;
        if (await ShowAsync(run, run.Workspace with { Status = WorkspaceStatus.Creating }, step, cancellationToken) is not { } workspace)
        {
            return;
        }

        await MakeAsync(workspace, run.Keeper, cancellationToken);
        await SaveAsync(run.Keeper, workspace with { Provisioned = true }, null, cancellationToken);
    }

    private Task MakeAsync(Workspace workspace, LeaseKeeper keeper, CancellationToken cancellationToken)
    {
        var image = images.Find(workspace.Image);
        var spec = new InstanceSpec(workspace.Instance, workspace.Name, image, workspace.Cpus, workspace.MemoryMiB, WorkspaceEnvironment.Of(workspace));
        keeper.ThrowIfExpired();
        return workspace.CloneOf is { } source
            ? runtime.CloneAsync(InstanceName.Of(source), spec, cancellationToken)
            : image is not null ? runtime.CreateAsync(spec, cancellationToken)
            : throw new RuntimeException(
                RuntimeFaults.ImageMissing,
                $"The image '{workspace.Image}' was never built on this machine. Run `tidepool image build`, then start the workspace again.",
                isTransient: false);
    }

    private async Task StartAsync(Run run, InstanceObservation seen, CancellationToken cancellationToken)
    {
        var status = run.Workspace.Status == WorkspaceStatus.Creating ? WorkspaceStatus.Creating : WorkspaceStatus.Starting;

        // Its old address may be another's by now, and a route must never lead there.
        var booting = run.Workspace with { Status = status, Isolation = seen.Isolation, Address = null };
        if (await ShowAsync(run, booting, ProgressStep.Booting, cancellationToken) is { } workspace)
        {
            await boundary.EnsureAsync(cancellationToken);
            run.Keeper.ThrowIfExpired();
            await runtime.StartAsync(workspace.Instance, cancellationToken);
            await ShowAsync(run with { Workspace = workspace }, workspace, ProgressStep.Connecting, cancellationToken);
        }
    }

    private async Task WaitAsync(Run run, CancellationToken cancellationToken)
    {
        if (await ShowAsync(run, run.Workspace with { Status = InBetween(run.Workspace) }, ProgressStep.Connecting, cancellationToken) is not null)
        {
            await Task.Delay(options.PollInterval, time, cancellationToken);
        }
    }

    private async Task AwaitEditorAsync(Run run, InstanceObservation seen, CancellationToken cancellationToken)
    {
        var found = run.Workspace with { Status = InBetween(run.Workspace), Provisioned = true, Isolation = seen.Isolation, Address = seen.Address };
        if (await ShowAsync(run, found, ProgressStep.StartingEditor, cancellationToken) is not { } workspace)
        {
            return;
        }

        // The route goes in while the editor comes up: neither waits for the other.
        var routed = routes.PublishAsync();
        var watch = time.GetTimestamp();
        var interval = seen.Isolation == Isolation.EmulatedMachine ? options.EmulatedPollInterval : options.PollInterval;
        while (!await probe.IsReadyAsync(seen.Address!, cancellationToken))
        {
            await Task.Delay(interval, time, cancellationToken);

            // Check now and then: the user may want something else, or the guest may have gone down.
            if (time.GetElapsedTime(watch) > TimeSpan.FromSeconds(1))
            {
                return;
            }
        }

        await Task.WhenAny(routed, Task.Delay(options.RouteWait, time, cancellationToken));
        await SettleRunningAsync(run.Keeper, workspace, cancellationToken);
    }

    private async Task SettleRunningAsync(LeaseKeeper keeper, Workspace workspace, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var verb = workspace.Status == WorkspaceStatus.Creating ? VerbOfMaking(workspace) : Verbs.Start;
        var running = workspace with { Status = WorkspaceStatus.Running, Fault = null, Progress = null, DeadlineAt = null, StartedAt = now, UpdatedAt = now };
        await SaveAsync(keeper, running, Ended(workspace, verb, ActivityOutcome.Succeeded, null), cancellationToken, [.. StepEnded(workspace, now)]);
    }

    private async Task StopAsync(Run run, CancellationToken cancellationToken)
    {
        if (await ShowAsync(run, run.Workspace with { Status = WorkspaceStatus.Stopping, Provisioned = true }, null, cancellationToken) is { } workspace)
        {
            _ = routes.PublishAsync();
            run.Keeper.ThrowIfExpired();
            await runtime.StopAsync(workspace.Instance, options.StopGrace, cancellationToken);
        }
    }

    private async Task SettleStoppedAsync(Run run, CancellationToken cancellationToken)
    {
        if (await SaveAsync(run.Keeper, Stopped(run.Workspace), Ended(run.Workspace, Verbs.Stop, ActivityOutcome.Succeeded, null), cancellationToken) is not null)
        {
            _ = routes.PublishAsync();
        }
    }

    /// <summary>The one step that changes what is wanted, so a single check is not enough.</summary>
    private async Task AcceptShutdownAsync(Run run, CancellationToken cancellationToken)
    {
        await Task.Delay(options.SecondLook, time, cancellationToken);
        if (await runtime.ObserveAsync(run.Workspace.Instance, cancellationToken) is not { State: InstanceState.Stopped, StoppedBy: StopCause.Guest })
        {
            return;
        }

        var stopped = Stopped(run.Workspace) with { Desired = DesiredState.Stopped };
        var activity = Ended(run.Workspace, Verbs.Stop, ActivityOutcome.Succeeded, "The workspace shut itself down.");
        if (await SaveAsync(run.Keeper, stopped, activity, cancellationToken) is not null)
        {
            _ = routes.PublishAsync();
        }
    }

    private async Task DeleteAsync(Run run, CancellationToken cancellationToken)
    {
        if (await ShowAsync(run, run.Workspace with { Status = WorkspaceStatus.Deleting }, null, cancellationToken) is { } workspace)
        {
            _ = routes.PublishAsync();
            run.Keeper.ThrowIfExpired();
            await runtime.DeleteAsync(workspace.Instance, cancellationToken);
        }
    }

    private async Task ForgetAsync(Run run, CancellationToken cancellationToken)
    {
        var activity = Ended(run.Workspace, Verbs.Delete, ActivityOutcome.Succeeded, null);
        if (await store.TryRemoveAsync(run.Keeper.Lease, run.Workspace, activity, cancellationToken))
        {
            await NoteAsync(run.Workspace, activity, cancellationToken);
            await log.RetireAsync(run.Workspace.Name, cancellationToken);
            _ = routes.PublishAsync();
        }
        else
        {
            await run.Keeper.ConfirmAsync();
        }
    }

    /// <summary>A bug, ours or an adapter's. Even so the workspace shall not stay in between for ever.</summary>
    private RuntimeException Unforeseen(Workspace workspace, Exception failure)
    {
        LogUnforeseen(workspace.Name, failure);
        return LifecycleFaults.Unforeseen(failure);
    }

    /// <summary>Whether the job is to come back: after a passing failure within the deadline, and always for a deletion.</summary>
    private async Task<bool> AnswerFaultAsync(Run run, RuntimeException fault, CancellationToken cancellationToken)
    {
        if (run.Workspace.Desired == DesiredState.Deleted)
        {
            if (await store.FindAsync(run.Workspace.Id, cancellationToken) is { } current && current.Fault?.Code != fault.Code)
            {
                await SaveAsync(run.Keeper, current with { Fault = new WorkspaceFault(fault.Code, fault.Message), UpdatedAt = time.GetUtcNow() }, null, cancellationToken);
            }

            return true;
        }

        if (fault.IsTransient && !deadlines.IsOver(run.Workspace))
        {
            deadlines.Keep(run.Workspace, fault);
            return true;
        }

        if (await store.FindAsync(run.Workspace.Id, cancellationToken) is { } latest && latest.Desired == run.Workspace.Desired)
        {
            await FailAsync(run with { Workspace = latest }, new WorkspaceFault(fault.Code, fault.Message), cancellationToken);
        }

        return false;
    }

    private async Task FailAsync(Run run, WorkspaceFault fault, CancellationToken cancellationToken)
    {
        var verb = run.Workspace.Status switch
        {
            WorkspaceStatus.Creating => VerbOfMaking(run.Workspace),
            WorkspaceStatus.Stopping => Verbs.Stop,
            WorkspaceStatus.Deleting => Verbs.Delete,
            _ => Verbs.Start,
        };
        var failed = run.Workspace with { Status = WorkspaceStatus.Error, Fault = fault, Progress = null, DeadlineAt = null, UpdatedAt = time.GetUtcNow() };
        if (await SaveAsync(run.Keeper, failed, Ended(run.Workspace, verb, ActivityOutcome.Failed, fault.Message), cancellationToken) is not null)
        {
            _ = routes.PublishAsync();
        }
    }

    /// <summary>Writes what a workspace has come to, if that is news. Null if it changed meanwhile: check again.</summary>
    private async Task<Workspace?> ShowAsync(Run run, Workspace shown, ProgressStep? step, CancellationToken cancellationToken)
    {
        shown = shown with { Progress = step };
        if (run.Workspace.Status != shown.Status || shown.DeadlineAt is null)
        {
            shown = shown with { DeadlineAt = time.GetUtcNow() + options.DeadlineOf(shown.Status), Fault = null };
        }

        if (shown == run.Workspace)
        {
            return shown;
        }

        var saved = await SaveAsync(run.Keeper, shown with { UpdatedAt = time.GetUtcNow() }, null, cancellationToken);
        if (saved is not null && WorkspaceProgress.From(saved) is { } progress && progress != WorkspaceProgress.From(run.Workspace))
        {
            var begun = new LogEntry(saved.UpdatedAt, LogSources.Lifecycle, $"{progress.Label} ({progress.Step} of {progress.Of})");
            await log.AppendAsync(saved.Name, [.. StepEnded(run.Workspace, saved.UpdatedAt), begun], cancellationToken);
        }

        return saved;
    }

    /// <summary>The workspace as stored now, or null if it changed meanwhile: check again.</summary>
    private async Task<Workspace?> SaveAsync(
        LeaseKeeper keeper, Workspace workspace, Activity? activity, CancellationToken cancellationToken, IReadOnlyList<LogEntry>? first = null)
    {
        if (!await store.TrySaveObservationAsync(keeper.Lease, workspace, activity, cancellationToken))
        {
            await keeper.ConfirmAsync();
            return null;
        }

        if (activity is not null)
        {
            await NoteAsync(workspace, activity, cancellationToken, first);
        }

        return workspace with { Version = workspace.Version + 1 };
    }

    private Task NoteAsync(Workspace workspace, Activity activity, CancellationToken cancellationToken, IReadOnlyList<LogEntry>? first = null) =>
        log.AppendAsync(
            workspace.Name,
            [.. first ?? [], new LogEntry(activity.At, LogSources.Lifecycle, $"{activity.Verb}: {activity.Outcome.ToString().ToLowerInvariant()}{(activity.Detail is null ? "" : ". " + activity.Detail)}", activity.Duration?.TotalMilliseconds)],
            cancellationToken);

    /// <summary>The step that a workspace was at, which began when it was last written.</summary>
    private static IEnumerable<LogEntry> StepEnded(Workspace before, DateTimeOffset now) =>
        WorkspaceProgress.From(before) is { } step ? [new LogEntry(now, LogSources.Lifecycle, $"{step.Label}: done", (now - before.UpdatedAt).TotalMilliseconds)] : [];

    private Activity Ended(Workspace workspace, string verb, ActivityOutcome outcome, string? detail)
    {
        var now = time.GetUtcNow();
        TimeSpan? duration = workspace.DeadlineAt is { } deadline ? now - (deadline - options.DeadlineOf(workspace.Status)) : null;
        if (duration < TimeSpan.Zero)
        {
            // The clock was set back meanwhile.
            duration = null;
        }

        return new Activity(workspace.Id, workspace.Name, verb, Actor.System, outcome, detail, duration, now);
    }

    private Workspace Stopped(Workspace workspace) =>
        workspace with { Status = WorkspaceStatus.Stopped, Fault = null, Progress = null, DeadlineAt = null, Address = null, UpdatedAt = time.GetUtcNow() };

    private static string VerbOfMaking(Workspace workspace) => workspace.CloneOf is null ? Verbs.Create : Verbs.Clone;

    private static WorkspaceStatus InBetween(Workspace workspace) =>
        workspace.Status == WorkspaceStatus.Creating ? WorkspaceStatus.Creating : WorkspaceStatus.Starting;

    [LoggerMessage(Level = LogLevel.Debug, Message = "{WorkspaceName}: {Step}.")]
    private partial void LogStep(WorkspaceName workspaceName, LifecycleStep step);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A step for {WorkspaceName} failed with {Code}.")]
    private partial void LogStepFailed(WorkspaceName workspaceName, string code, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "A step for {WorkspaceName} failed unexpectedly.")]
    private partial void LogUnforeseen(WorkspaceName workspaceName, Exception fault);

    private sealed record Run(Workspace Workspace, LeaseKeeper Keeper);
}
