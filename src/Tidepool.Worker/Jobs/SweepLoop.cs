using Tidepool.Core.Lifecycle;
using Tidepool.Worker.Health;

namespace Tidepool.Worker.Jobs;

/// <summary>Sweeps at start and regularly, and reports orphan machines.</summary>
internal sealed partial class SweepLoop(
    Sweeper sweeper, OrphanMachines orphans, HealthReporter health, LifecycleOptions options, TimeProvider time, ILogger<SweepLoop> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await sweeper.SweepAsync(stoppingToken);
                await health.ReportAsync("machines", true, orphans.Describe(), stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                // Also what is not foreseen: the next sweep covers all that this one did not.
                LogFailed(fault);
            }

            await Task.Delay(options.SweepInterval, time, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sweep could not see everything; trying again.")]
    private partial void LogFailed(Exception fault);
}
