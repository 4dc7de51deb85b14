namespace Tidepool.Core.Health;

/// <summary>The state of one part, as the worker last saw it.</summary>
/// <param name="Component">worker, caddy, runtime.</param>
/// <param name="Healthy">Whether it did what was asked of it.</param>
/// <param name="Detail">A sentence for the owner.</param>
/// <param name="At">When it was last checked, UTC.</param>
public sealed record ComponentHealth(string Component, bool Healthy, string? Detail, DateTimeOffset At);

/// <summary>Where the worker leaves what it sees of itself, Caddy and the runtime, for the server to answer with.</summary>
public interface IHealthBoard
{
    Task ReportAsync(ComponentHealth health, CancellationToken cancellationToken);

    Task<IReadOnlyList<ComponentHealth>> ReadAsync(CancellationToken cancellationToken);
}
