using Tidepool.Contracts;

namespace Tidepool.Server.Hosting;

/// <summary>Adds the problems that an endpoint answers with to the API description.</summary>
internal static class ProblemMetadata
{
    public static RouteHandlerBuilder Problems(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        // What writes can find the disk full.
        foreach (var status in statuses.Contains(403) ? statuses.Append(503).Append(507) : statuses.Append(503))
        {
            endpoint.Produces<ProblemResponse>(status, "application/problem+json");
        }

        return endpoint;
    }
}
