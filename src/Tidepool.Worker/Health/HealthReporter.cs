using Tidepool.Core.Health;
using Tidepool.Core.Storage;

namespace Tidepool.Worker.Health;

/// <summary>Leaves what the worker sees where the server finds it. A database that is down shows by itself.</summary>
internal sealed partial class HealthReporter(IHealthBoard board, TimeProvider time, ILogger<HealthReporter> logger)
{
    private static readonly TimeSpan Unchanged = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private readonly Dictionary<string, ComponentHealth> last = [];

    public async Task ReportAsync(string component, bool healthy, string? detail, CancellationToken cancellationToken)
    {
        var health = new ComponentHealth(component, healthy, detail, time.GetUtcNow());
        lock (gate)
        {
            if (last.TryGetValue(component, out var before) && before.Healthy == healthy && before.Detail == detail && health.At - before.At < Unchanged)
            {
                return;
            }

            last[component] = health;
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
