using Tidepool.Core.Activities;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Model;

/// <summary>Everything that may happen.</summary>
internal sealed partial class ModelWorld
{
    /// <summary>The first one most often, so that what only several happenings together bring about comes to one workspace.</summary>
    private static readonly int[] BerthsByWhom = [0, 0, 1, 0, 0, 2, 0, 1, 0, 0, 2, 0];

    private static readonly int[] SecondsThatPass = [1, 2, 5, 10, 16, 20, 40, 60];
    private static readonly int[] SecondsTheClockJumps = [3600, -3600, 30, -30, 16, -300];

    private void Happen(ModelEvent happening)
    {
        var (_, what, whom, amount) = happening;
        var berth = BerthsByWhom[whom % BerthsByWhom.Length];
        var slot = whom % workers.Length;
        mayBeLate |= what is Happening.ClockJumps or Happening.WorkerCrashes or Happening.WorkerIsPaused or Happening.WorkerIsStopped or Happening.RuntimeFailsOnce
            or Happening.RuntimeAnswersLate or Happening.RuntimeGoesDown or Happening.RuntimeAnswersStale or Happening.StoreFailsOnce or Happening.EditorIsSilent;
        switch (what)
        {
            case Happening.UserCreates:
                Create(berth, amount);
                break;
            case Happening.UserStarts:
                Want(berth, Verbs.Start, DesiredState.Running, WorkspaceIntents.Start);
                break;
            case Happening.UserStops:
                Want(berth, Verbs.Stop, DesiredState.Stopped, WorkspaceIntents.Stop);
                break;
            case Happening.UserDeletes:
                Want(berth, Verbs.Delete, DesiredState.Deleted, WorkspaceIntents.Delete);
                break;
            case Happening.TimePasses:
                Pass(TimeSpan.FromSeconds(SecondsThatPass[amount % SecondsThatPass.Length]));
                break;
            case Happening.ClockJumps:
                clockJumped = true;
                clock.Set(TimeSpan.FromSeconds(SecondsTheClockJumps[amount % SecondsTheClockJumps.Length]));
                break;
            case Happening.WorkerCrashes:
                workers[slot].Crash();
                break;
            case Happening.WorkerStarts when workers[slot].IsDead || workers[slot].IsStopping:
                workers[slot].Crash();
                StartWorker(slot);
                break;
            case Happening.WorkerIsPaused:
                workers[slot].Pause();
                break;
            case Happening.WorkerGoesOn:
                workers[slot].GoOn();
                break;
            case Happening.WorkerIsStopped:
                workers[slot].Stop();
                break;
            case Happening.RuntimeFailsOnce:
                daemon.Faults.Enqueue((amount % 5) switch
                {
                    0 or 1 => DaemonFault.Passing,
                    2 or 3 => DaemonFault.PassingAndDone,
                    _ => DaemonFault.Lasting,
                });
                break;
            case Happening.RuntimeAnswersLate:
                daemon.NextDelay = TimeSpan.FromSeconds(1 + (amount % 40));
                break;
            case Happening.RuntimeGoesDown:
                daemon.DownUntil = clock.Passed + TimeSpan.FromSeconds(1 + amount);
                break;
            case Happening.RuntimeAnswersStale:
                daemon.StaleAnswers++;
                break;
            case Happening.StoreFailsOnce:
                storeFaults.Enqueue(amount % 2 == 0 ? StoreFault.Refused : StoreFault.AnswerLost);
                break;
            case Happening.EditorIsSilent:
                daemon.EditorsSilentUntil = clock.Passed + TimeSpan.FromSeconds(1 + amount);
                break;
            case Happening.GuestShutsDown:
                ShutDown(berth);
                break;
            case Happening.HostGoesDown:
                GoDown();
                break;
            case Happening.MachineIsLost:
                Lose(berth);
                break;
            case Happening.JobIsDoubled:
                jobs.Repeat(amount, clock.GetUtcNow());
                break;
            case Happening.JobIsLost:
                jobs.Lose(amount);
                break;
            case Happening.JobsAreReordered:
                jobs.Postpone(amount, TimeSpan.FromSeconds(1 + (amount % 30)));
                break;
            default:
                break;
        }

        pump.RunReady();
        CheckAlways();
    }

    private void Create(int berth, int amount)
    {
        if (berths[berth] is { } there && Find(there) is not null)
        {
            return;
        }

        var now = clock.GetUtcNow();
        var expected = new Expected(new WorkspaceId(new Guid(all.Count + 1, 0, 0, new byte[8])), WorkspaceName.Parse($"berth-{berth}"), clock.Passed);
        var workspace = Sample.Workspace(name: expected.Name.Value) with { Id = expected.Id, CreatedAt = now, CloneOf = SourceOf(amount) };
        workspace = WorkspaceIntents.Towards(workspace, WorkspaceStatus.Creating, Options, now);
        if (IsAdmitted(Now(store.AddAsync(workspace, Sample.Requested(workspace, Verbs.Create, clock), 100, Budget, CancellationToken.None))))
        {
            all.Add(expected);
            berths[berth] = expected;
        }
    }

    private void Want(int berth, string verb, DesiredState desired, Func<Workspace, LifecycleOptions, DateTimeOffset, Decision> intent)
    {
        if (berths[berth] is not { } expected || Find(expected) is not { } workspace)
        {
            return;
        }

        switch (intent(workspace, Options, clock.GetUtcNow()))
        {
            case Decision.Accepted { Workspace.Desired: DesiredState.Running } accepted:
                if (IsAdmitted(Now(store.AdmitAsync(accepted.Workspace, Sample.Requested(workspace, verb, clock), Budget, CancellationToken.None))))
                {
                    expected.Want(desired, clock.Passed);
                }

                break;
            case Decision.Accepted accepted:
                Now(store.TrySaveIntentAsync(accepted.Workspace, Sample.Requested(workspace, verb, clock), CancellationToken.None));
                expected.Want(desired, clock.Passed);
                break;
            case Decision.Unchanged:
                expected.Confirm(desired);
                break;
            case Decision.Refused when expected.Desired != DesiredState.Deleted:
                Break($"{verb} of {expected.Name} was refused although its user does not want it deleted.");
                break;
            default:
                break;
        }
    }

    /// <summary>One in three is a clone, if there is anything to clone.</summary>
    private WorkspaceId? SourceOf(int amount)
    {
        var sources = amount % 3 == 0 ? Read().Where(w => w is { Provisioned: true, Desired: not DesiredState.Deleted }).ToList() : [];
        if (sources.Count == 0)
        {
            return null;
        }

        report.Count(ModelReport.Clones);
        return sources[amount % sources.Count].Id;
    }

    private bool IsAdmitted(AdmissionOutcome outcome)
    {
        report.Count(outcome is AdmissionOutcome.Saved ? "admitted" : ModelReport.NoRoom);
        return outcome is AdmissionOutcome.Saved;
    }

    private void ShutDown(int berth)
    {
        if (berths[berth] is { } expected && machines.Look(expected.Instance) is { State: InstanceState.Running })
        {
            daemon.WillChange(expected.Instance);
            machines.GoDown(expected.Instance, StopCause.Guest);
            expected.GuestWentDown = true;
        }
    }

    private void GoDown()
    {
        foreach (var name in machines.Names.Where(n => machines.Look(n) is { State: InstanceState.Running }))
        {
            daemon.WillChange(name);
            machines.GoDown(name, StopCause.Host);
        }
    }

    private void Lose(int berth)
    {
        if (berths[berth] is { } expected && machines.Look(expected.Instance) is not null)
        {
            daemon.WillChange(expected.Instance);
            machines.Lose(expected.Instance);
            expected.IsLost = true;
        }
    }
}
