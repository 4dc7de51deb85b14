using Tidepool.Core.Storage;

namespace Tidepool.Worker.Hosting;

/// <summary>Polls at an interval. What a poll could not do because the database was down, a later poll does.</summary>
internal abstract class WatchLoop(TimeSpan interval, Func<CancellationToken, Task> poll, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await poll(stoppingToken);
            }
            catch (StoreException fault)
            {
                LogFailed(fault);
            }

            await Task.Delay(interval, time, stoppingToken);
        }
    }

    protected abstract void LogFailed(Exception fault);
}
