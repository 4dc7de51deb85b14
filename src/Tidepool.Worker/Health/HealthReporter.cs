using Tidepool.Core.Health;
using Tidepool.Core.Storage;

namespace Tidepool.Worker.Health;

/// <summary>Leaves what the worker sees where the server finds it. A database that is down shows by itself.</summary>
internal sealed partial class HealthReporter(IHealthBoard board, TimeProvider time, ILogger<HealthReporter> logger)
{
    private static readonly TimeSpan Unchanged = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private readonly Dictionary<string, (ComponentHealth Health, long Since)> last = [];

    public async Task ReportAsync(string component, bool healthy, string? detail, CancellationToken cancellationToken)
    {
        var health = new ComponentHealth(component, healthy, detail, time.GetUtcNow());
        lock (gate)
        {
            // By elapsed time: after a clock was set back, the stored report appears newer than it is.
            if (last.TryGetValue(component, out var before) && before.Health.Healthy == healthy && before.Health.Detail == detail && time.GetElapsedTime(before.Since) < Unchanged)
            {
                return;
            }

            last[component] = (health, time.GetTimestamp());
        }

        try
        {
            await board.ReportAsync(health, cancellationToken);
        }
        catch (StoreException fault)
        {
            LogNotReported(component, fault);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state of {Component} could not be reported.")]
    private partial void LogNotReported(string component, Exception fault);
}
