using Tidepool.Core.Logs;
using Tidepool.Core.Storage;

namespace Tidepool.Worker.Logs;

/// <summary>Looks every second which consoles are to be read.</summary>
internal sealed partial class ConsoleLoop(ConsoleWatch watch, TimeProvider time, ILogger<ConsoleLoop> logger) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The consoles could not be looked at; trying again.")]
    private partial void LogFailed(Exception fault);
}
