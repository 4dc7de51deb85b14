using Tidepool.Core.Health;

namespace Tidepool.Db.Health;

/// <summary>What was last seen of one part.</summary>
internal sealed class HealthRow
{
    public string Component { get; set; } = "";
    public bool Healthy { get; set; }
    public string? Detail { get; set; }
    public DateTimeOffset At { get; set; }

    public ComponentHealth ToHealth() => new(Component, Healthy, Detail, At);
}
