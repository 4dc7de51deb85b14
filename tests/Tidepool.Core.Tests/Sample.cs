using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Jobs;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Logs;
using Tidepool.Core.Network;
using Tidepool.Core.Routing;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;
using Tidepool.Testing;

namespace Tidepool.Core.Tests;

/// <summary>Workspaces and observations as tests need them.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    public static readonly LifecycleOptions Options = new();
    public static readonly IPAddress Address = IPAddress.Parse("10.0.0.5");

    public static Workspace Workspace(
        DesiredState desired = DesiredState.Running, WorkspaceStatus status = WorkspaceStatus.Creating, bool provisioned = false, string name = "demo") =>
        WorkspaceIntents.Towards(
            new Workspace
            {
                Id = WorkspaceId.New(TimeProvider.System),
                Name = WorkspaceName.Parse(name),
                Image = "default",
                Cpus = 2,
                MemoryMiB = 4096,
                Desired = desired,
                Status = status,
                Provisioned = provisioned,
                CreatedAt = Start,
                UpdatedAt = Start,
            },
            status,
            Options,
            Start);

    /// <summary>A keeper of a network boundary in memory.</summary>
    public static BoundaryKeeper Boundary(IWorkspaceStore store, IWorkspaceRuntime runtime, InMemoryBoundary? firewall = null) =>
        new(store, runtime, firewall ?? new InMemoryBoundary(), NullLogger<BoundaryKeeper>.Instance);

    public static Reconciler Reconciler(
        IWorkspaceStore store, ILeaseStore leases, IWorkspaceRuntime runtime, LifecycleOptions? options = null, TimeProvider? time = null, InMemoryBoundary? firewall = null, IWorkspaceLog? log = null)
    {
        options ??= Options;
        time ??= TimeProvider.System;
        var boundary = Boundary(store, runtime, firewall);
        var routes = new RoutePublisher(store, new NoRoutes(), boundary, options, time, NullLogger<RoutePublisher>.Instance);
        return new Reconciler(
            store, leases, runtime, new OneImage(), new AlwaysReady(), routes, boundary, log ?? new NoLog(), options, time, NullLogger<Reconciler>.Instance);
    }

    public static Sweeper Sweeper(IWorkspaceStore store, IActivityStore activities, IWorkspaceRuntime runtime, IJobQueue queue, CapacityBudget? budget = null, OrphanMachines? orphans = null) =>
        new(
            store,
            runtime,
            queue,
            new BudgetKeeper(store, budget ?? CapacityBudget.Unlimited, Options, TimeProvider.System, NullLogger<BudgetKeeper>.Instance),
            orphans ?? new OrphanMachines(store, activities, runtime, NullLogger<OrphanMachines>.Instance),
            NullLogger<Sweeper>.Instance);

    /// <summary>What the audit trail says when a user asks for something.</summary>
    public static Activity Requested(Workspace workspace, string verb, TimeProvider? time = null) =>
        new(workspace.Id, workspace.Name, verb, Actor.User, ActivityOutcome.Requested, null, null, (time ?? TimeProvider.System).GetUtcNow());

    public static InstanceObservation Seen(Workspace workspace, InstanceState state, IPAddress? address = null, StopCause cause = StopCause.Guest) =>
        new(workspace.Instance, state, address, Isolation.Container, cause);
}
