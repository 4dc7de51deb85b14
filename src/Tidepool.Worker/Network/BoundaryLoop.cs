using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Core.Storage;

namespace Tidepool.Worker.Network;

/// <summary>Checks that the firewall rules around the workspaces are in force: on every change of the firewall, and every few seconds.</summary>
internal sealed partial class BoundaryLoop(BoundaryKeeper keeper, INetworkBoundary boundary, TimeProvider time, ILogger<BoundaryLoop> logger) : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    /// <summary>Between two checks, however often other programs change the firewall.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Two loops: one puts the last rules back and needs only the firewall, so it goes on while the other waits for a database or a runtime that hangs.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Task.Run(() => RepeatAsync(keeper.RestoreAsync, stoppingToken), stoppingToken), RepeatAsync(keeper.EnsureAsync, stoppingToken));

    private async Task RepeatAsync(Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Read before the work, so that a change made meanwhile is checked again.
            var seen = boundary.Changes;
            try
            {
                await work(stoppingToken);
            }
            catch (Exception fault) when (fault is RuntimeException or StoreException)
            {
                LogFailed(fault);
            }

            await Task.Delay(Pause, time, stoppingToken);
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            await Task.WhenAny(boundary.ChangedAsync(seen, waiting.Token), Task.Delay(PollInterval, time, waiting.Token));
            await waiting.CancelAsync();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The network boundary could not be checked; trying again.")]
    private partial void LogFailed(Exception fault);
}
