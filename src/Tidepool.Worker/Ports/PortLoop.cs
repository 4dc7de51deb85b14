using Tidepool.Core.Ports;
using Tidepool.Core.Storage;

namespace Tidepool.Worker.Ports;

/// <summary>Looks every two seconds whether something answers on the registered ports.</summary>
internal sealed partial class PortLoop(PortWatch watch, TimeProvider time, ILogger<PortLoop> logger) : BackgroundService
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The registered ports could not be looked at; trying again.")]
    private partial void LogFailed(Exception fault);
}
