using Tidepool.Core.Accesses;
using Tidepool.Worker.Hosting;

namespace Tidepool.Worker.Accesses;

/// <summary>Checks every two seconds which workspaces were used.</summary>
internal sealed partial class AccessLoop(AccessWatch watch, TimeProvider time, ILogger<AccessLoop> logger)
    : WatchLoop(TimeSpan.FromSeconds(2), watch.LookAsync, time)
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The use of workspaces could not be recorded; trying again.")]
    protected override partial void LogFailed(Exception fault);
}
