namespace Tidepool.Core.Lifecycle;

/// <summary>How long the lifecycle may take, and how it waits.</summary>
public sealed record LifecycleOptions
{
    /// <summary>Until a new workspace must be running. A first create may import the image.</summary>
    public TimeSpan CreateDeadline { get; init; } = TimeSpan.FromMinutes(5);

    public TimeSpan StartDeadline { get; init; } = TimeSpan.FromMinutes(3);

    public TimeSpan StopDeadline { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>After which a deletion is reported as stuck. It is never given up.</summary>
    public TimeSpan DeleteDeadline { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What a worker that takes over is given at least for a workspace, however late it comes.</summary>
    public TimeSpan MinimumRun { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How long a guest may take to shut down before it is ended by force.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How many workspaces make their disk or boot at once. Waiting for a guest, stopping and deleting are not counted.</summary>
    public int HeavySteps { get; init; } = 16;

    /// <summary>Between two polls of a machine that is starting or stopping.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(15);

    /// <summary>The same where each poll takes computing time away from the machine itself.</summary>
    public TimeSpan EmulatedPollInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Before a machine that went down while it was to come up is started once more.</summary>
    public TimeSpan RestartInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Before the worker checks again a guest that seems to have shut itself down, and believes it: a runtime may report an old state.</summary>
    public TimeSpan SecondLook { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Between two checks of the proxy, which may have been restarted without its routes.</summary>
    public TimeSpan RouteInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What a start waits for its route; the route comes by itself later if the proxy is down.</summary>
    public TimeSpan RouteWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What the routes wait for the network boundary, which cannot be checked while the runtime hangs.</summary>
    public TimeSpan BoundaryWait { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan DeadlineOf(Workspaces.WorkspaceStatus status) => status switch
    {
        Workspaces.WorkspaceStatus.Creating => CreateDeadline,
        Workspaces.WorkspaceStatus.Starting => StartDeadline,
        Workspaces.WorkspaceStatus.Stopping => StopDeadline,
        Workspaces.WorkspaceStatus.Deleting => DeleteDeadline,
        _ => Timeout.InfiniteTimeSpan,
    };
}
