namespace Tidepool.Host;

/// <summary>The state of one part of Tidepool, as the server reports it.</summary>
public sealed record PartHealth(string Component, bool Healthy, string? Detail);

/// <summary>Asks the server how each part does; null while the server cannot be asked.</summary>
public delegate Task<IReadOnlyList<PartHealth>?> HealthQuery(CancellationToken cancellationToken);
