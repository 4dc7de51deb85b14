using Tidepool.Core.Logs;
using Tidepool.Worker.Hosting;

namespace Tidepool.Worker.Logs;

/// <summary>Checks every second which consoles are to be read.</summary>
internal sealed partial class ConsoleLoop(ConsoleWatch watch, TimeProvider time, ILogger<ConsoleLoop> logger)
    : WatchLoop(TimeSpan.FromSeconds(1), watch.LookAsync, time)
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The consoles could not be checked; trying again.")]
    protected override partial void LogFailed(Exception fault);
}
