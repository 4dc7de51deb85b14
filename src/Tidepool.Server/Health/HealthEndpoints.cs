using Tidepool.Contracts;
using Tidepool.Core.Health;
using Tidepool.Core.Jobs;
using Tidepool.Core.Storage;
using Tidepool.Host.Capacity;
using Tidepool.Server.Security;

namespace Tidepool.Server.Health;

/// <summary><c>/api/health</c>: open to anyone, with details for the owner alone.</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(20);
    private static readonly string[] Reported = ["worker", "caddy", "runtime"];

    public static void MapHealth(this IEndpointRouteBuilder api) =>
        api.MapGet("/health", GetAsync).WithTags("Health").WithSummary("Whether each part is up. Needs no sign-in.").Produces<HealthResponse>().Produces<HealthResponse>(503);

    private static async Task<IResult> GetAsync(HttpRequest request, IHealthBoard board, IJobTable jobs, StateDisk disk, TimeProvider time, CancellationToken cancellationToken)
    {
        var components = new List<ComponentHealthResponse>();
        IReadOnlyList<ComponentHealth> seen = [];
        try
        {
            seen = await board.ReadAsync(cancellationToken);
            components.Add(new("database", true, null));
            await jobs.NextVisibleAtAsync(cancellationToken);
            components.Add(new("queue", true, null));
        }
        catch (StoreException fault)
        {
            components.Add(new("database", false, fault.Message));
            components.Add(new("queue", false, "The queue lives in the database."));
        }

        var now = time.GetUtcNow();
        components.AddRange(Reported.Select(name => Report(name, seen.FirstOrDefault(s => s.Component == name), now)));

        // Reported only when the disk is low.
        if (disk.Refuse() is { } low)
        {
            components.Add(new("disk", low.FreeMiB > 0, $"Only {low.FreeMiB} MiB are free on the disk that holds {low.Directory}: no workspace is made. Free some."));
        }

        components.AddRange(seen.Where(s => s is { Component: "machines", Detail: not null } && IsFresh(s, now)).Select(s => Report(s.Component, s, now)));

        var healthy = components.TrueForAll(c => c.Healthy);
        var shown = SignedInMiddleware.IsOwner(request.HttpContext) ? components : [.. components.Select(c => c with { Detail = null })];
        return TypedResults.Json(new HealthResponse(healthy ? "healthy" : "unhealthy", shown), TidepoolJson.Default.HealthResponse, statusCode: healthy ? 200 : 503);
    }

    private static ComponentHealthResponse Report(string name, ComponentHealth? health, DateTimeOffset now) => health switch
    {
        null => new(name, false, "It has not reported yet."),
        _ when !IsFresh(health, now) => new(name, false, "The worker has not reported for a while; it may be down."),
        _ => new(name, health.Healthy, health.Detail),
    };

    /// <summary>A report from the future was written before the clock was set back, and is as stale as an old one.</summary>
    private static bool IsFresh(ComponentHealth health, DateTimeOffset now) => (now - health.At).Duration() <= Fresh;
}
