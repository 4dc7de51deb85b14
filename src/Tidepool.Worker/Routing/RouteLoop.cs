using Tidepool.Core.Routing;
using Tidepool.Worker.Health;

namespace Tidepool.Worker.Routing;

/// <summary>Runs the route publisher and reports how Caddy does.</summary>
internal sealed class RouteLoop(RoutePublisher publisher, HealthReporter health) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        publisher.RunAsync((healthy, detail, cancellationToken) => health.ReportAsync("caddy", healthy, detail, cancellationToken), stoppingToken);
}
