using Tidepool.Core.Accesses;
using Tidepool.Core.Storage;

namespace Tidepool.Worker.Accesses;

/// <summary>Looks every two seconds which workspaces were used.</summary>
internal sealed partial class AccessLoop(AccessWatch watch, TimeProvider time, ILogger<AccessLoop> logger) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await watch.LookAsync(stoppingToken);
            }
            catch (StoreException fault)
            {
                LogFailed(fault);
            }

            await Task.Delay(LookInterval, time, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "When workspaces were used could not be written; trying again.")]
    private partial void LogFailed(Exception fault);
}
