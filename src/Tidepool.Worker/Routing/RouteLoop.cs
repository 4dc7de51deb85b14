using Tidepool.Core.Routing;
using Tidepool.Worker.Health;

namespace Tidepool.Worker.Routing;

/// <summary>Runs the route publisher and reports how Caddy does.</summary>
internal sealed class RouteLoop(RoutePublisher publisher, HealthReporter health) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await health.ReportAsync("caddy", false, "It was not checked yet.", stoppingToken);
        await publisher.RunAsync((healthy, detail, cancellationToken) => health.ReportAsync("caddy", healthy, detail, cancellationToken), stoppingToken);
    }
}
