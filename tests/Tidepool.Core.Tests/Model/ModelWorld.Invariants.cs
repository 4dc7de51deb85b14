using Tidepool.Core.Capacity;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Routing;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests.Model;

/// <summary>What must always hold, and what must have come to be in the end. That one owner acts at a time is checked where acting begins.</summary>
internal sealed partial class ModelWorld
{
    private void CheckAlways()
    {
        var stored = Read();
        foreach (var workspace in stored)
        {
            var inBetween = workspace.Status is WorkspaceStatus.Creating or WorkspaceStatus.Starting or WorkspaceStatus.Stopping or WorkspaceStatus.Deleting;
            if (inBetween != workspace.DeadlineAt is not null)
            {
                Break($"{workspace.Name} is {workspace.Status} and its deadline is {workspace.DeadlineAt?.ToString() ?? "none"}.");
            }

            if ((workspace.Desired == DesiredState.Deleted) != (workspace.Status == WorkspaceStatus.Deleting))
            {
                Break($"{workspace.Name} is wanted {workspace.Desired} and is {workspace.Status}.");
            }

            if ((workspace.Status == WorkspaceStatus.Error) != (workspace.Fault is not null) && workspace.Desired != DesiredState.Deleted)
            {
                Break($"{workspace.Name} is {workspace.Status} and its fault is {workspace.Fault?.Code ?? "none"}.");
            }
        }

        foreach (var expected in all.Where(e => e.Desired == DesiredState.Deleted))
        {
            if (stored.FirstOrDefault(w => w.Id == expected.Id) is { Desired: not DesiredState.Deleted } revived)
            {
                Break($"{revived.Name} was deleted and is now wanted {revived.Desired}.");
            }
        }

        foreach (var name in machines.Names.Where(n => machines.Look(n) is { State: InstanceState.Running }))
        {
            if (stored.All(w => w.Instance != name))
            {
                Break($"{name} is gone and runs.");
            }
        }

        foreach (var expected in all.Where(e => e.Desired != DesiredState.Deleted))
        {
            if (stored.All(w => w.Id != expected.Id))
            {
                Break($"{expected.Name} is gone although its user did not want it deleted.");
            }
        }

        if (machines.Wrecked.Count > 0)
        {
            Break("A used machine was made again.");
        }

        foreach (var route in RoutePublisher.Wanted(stored.Where(w => !all.Exists(e => e.Id == w.Id && e.IsLost)), null))
        {
            if (machines.Names.FirstOrDefault(n => route.Address.Equals(machines.Look(n)?.Address)) is { } at
                && at != default
                && stored.FirstOrDefault(w => w.Instance == at)?.Name != route.Name)
            {
                Break($"The route of {route.Name} leads to the machine {at}.");
            }
        }

        if (CapacityAmount.Of(stored, Budget) is { } inUse && inUse.MemoryMiB > Budget.MemoryMiB)
        {
            Break($"{inUse.MemoryMiB} MiB are given away, and there are {Budget.MemoryMiB}.");
        }

        Tell();
    }

    /// <summary>What is not as it is wanted, or is there and should not be.</summary>
    private List<string> Differences()
    {
        var stored = Read();
        return
        [
            .. stored
                .Where(w => !LifecyclePlan.Agrees(w, machines.Look(w.Instance)))
                .Select(w => $"{w.Name} is {w.Status}, wanted {w.Desired}, its machine {machines.Look(w.Instance)?.State.ToString() ?? "gone"}."),
            .. machines.Names.Where(n => stored.All(w => w.Instance != n)).Select(n => $"{n} is a machine that belongs to no workspace."),
        ];
    }

    private void CheckWishes()
    {
        foreach (var expected in all)
        {
            if (Find(expected) is not { } workspace)
            {
                continue;
            }

            var mayStand = workspace.Desired == expected.Desired
                || (expected is { Desired: DesiredState.Running, GuestWentDown: true } && workspace.Desired == DesiredState.Stopped);
            if (!mayStand)
            {
                Break($"{workspace.Name} was wanted {expected.Desired} and has come to be wanted {workspace.Desired}.");
            }

            report.Count($"ended: {workspace.Status}{(workspace.Fault is { } f ? " " + f.Code : "")}");
            if (workspace is { Status: WorkspaceStatus.Error, Fault: { } fault } && !IsExcused(expected, workspace, fault))
            {
                Break($"{workspace.Name} ended in the error {fault.Code} for no reason.");
            }
        }

        report.Count(ModelReport.Gone, all.Count(e => e.Desired == DesiredState.Deleted));
    }

    private bool IsExcused(Expected expected, Workspace workspace, WorkspaceFault fault) => fault.Code switch
    {
        // A clone whose source went away before it was copied has nothing to begin with.
        RuntimeFaults.InstanceMissing when workspace is { Provisioned: false, CloneOf: { } source } => machines.Look(InstanceName.Of(source)) is null,
        "instance-lost" or RuntimeFaults.InstanceMissing => expected.IsLost,
        "model-broken" => daemon.HasBroken(expected.Instance),
        "model-flaky" or RuntimeFaults.Unreachable or "deadline-passed" => mayBeLate && (clockJumped || clock.Passed - expected.DesiredAt >= Options.StopDeadline),
        _ => false,
    };
}
