using Tidepool.Core.Storage;

namespace Tidepool.Worker.Hosting;

/// <summary>Looks again and again. What a look could not do for want of the database, a later one does.</summary>
internal abstract class WatchLoop(TimeSpan interval, Func<CancellationToken, Task> look, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await look(stoppingToken);
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
