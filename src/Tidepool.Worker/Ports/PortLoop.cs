using Tidepool.Core.Ports;
using Tidepool.Worker.Hosting;

namespace Tidepool.Worker.Ports;

/// <summary>Checks every two seconds whether something answers on the registered ports.</summary>
internal sealed partial class PortLoop(PortWatch watch, TimeProvider time, ILogger<PortLoop> logger)
    : WatchLoop(TimeSpan.FromSeconds(2), watch.LookAsync, time)
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The registered ports could not be checked; trying again.")]
    protected override partial void LogFailed(Exception fault);
}
