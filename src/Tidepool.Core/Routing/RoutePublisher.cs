using Microsoft.Extensions.Logging;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Routing;

/// <summary>
/// Keeps the proxy's routes what the database says. The only writer: calls that come while a change is under way are
/// answered together by the next one.
/// </summary>
public sealed partial class RoutePublisher(
    IWorkspaceStore store, IRouteTable table, BoundaryKeeper boundary, LifecycleOptions options, TimeProvider time, ILogger<RoutePublisher> logger)
{
    private readonly Lock gate = new();
    private TaskCompletionSource<bool> next = NewRound();
    private TaskCompletionSource asked = NewSignal();

    /// <summary>
    /// The routes that follow from what is wanted: workspaces that are to run and have an address, which must lie on the bridge:
    /// the proxy never connects to any other.
    /// </summary>
    public static IReadOnlyList<WorkspaceRoute> Wanted(IEnumerable<Workspace> workspaces, WorkspaceNetwork? network) =>
        [.. workspaces
            .Where(w => w is { Desired: DesiredState.Running, Address: not null, Status: not WorkspaceStatus.Error })
            .Where(w => network is null || network.Admits(w.Address!))
            .OrderBy(w => w.Name.Value, StringComparer.Ordinal)
            .Select(w => new WorkspaceRoute(w.Name, w.Address!, [.. w.Ports.Select(p => new PortRoute(p.Port, p.StripPrefix)).OrderBy(p => p.Port.Value)]))];

    /// <summary>
    /// Asks for the routes to be checked. The task ends when a check that began after this call has ended: true if the proxy
    /// now serves what is wanted, false if it could not be brought there.
    /// </summary>
    public Task<bool> PublishAsync()
    {
        lock (gate)
        {
            asked.TrySetResult();
            return next.Task;
        }
    }

    /// <summary>Checks whenever asked, and regularly, until cancelled.</summary>
    public async Task RunAsync(Func<bool, string?, CancellationToken, Task> report, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            TaskCompletionSource<bool> round;
            lock (gate)
            {
                round = next;
                next = NewRound();
                asked = NewSignal();
            }

            var fault = await ApplyOnceAsync(cancellationToken);
            round.TrySetResult(fault is null);
            await report(fault is null, fault, cancellationToken);

            Task signal;
            lock (gate)
            {
                signal = asked.Task;
            }

            try
            {
                await signal.WaitAsync(options.RouteInterval, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // The regular check.
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<string?> ApplyOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            // First the firewall, which has to let the proxy through to a port that was just registered.
            var known = await EnsureBoundaryAsync(cancellationToken);
            var workspaces = await store.ListAllAsync(cancellationToken);
            if (!known && Wanted(workspaces, null).Count > 0)
            {
                // Which addresses are on the bridge is not known yet, and the routes that the proxy serves meanwhile were right once.
                return "The workspaces' network is not known yet.";
            }

            var wanted = Wanted(workspaces, boundary.Known);
            if (await table.ApplyAsync(wanted, cancellationToken))
            {
                LogApplied(wanted.Count);
            }

            return null;
        }
        catch (Exception fault) when (fault is RouteTableException or StoreException)
        {
            LogFailed(fault);
            return fault.Message;
        }
    }

    /// <summary>Whether the network is known. A runtime that is down or hangs does not delay the routes.</summary>
    private async Task<bool> EnsureBoundaryAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.BoundaryWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await boundary.EnsureAsync(either.Token);
        }
        catch (Exception fault) when (fault is RuntimeException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogBoundaryDown(fault);
        }

        return boundary.IsKnown;
    }

    private static TaskCompletionSource<bool> NewRound() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The proxy serves {Count} workspaces.")]
    private partial void LogApplied(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The network boundary could not be checked; trying again.")]
    private partial void LogBoundaryDown(Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The proxy's routes could not be brought up to date; trying again.")]
    private partial void LogFailed(Exception fault);
}
