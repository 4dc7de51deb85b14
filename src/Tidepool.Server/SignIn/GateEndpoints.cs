using System.Globalization;
using System.Net;
using Tidepool.Server.Problems;

namespace Tidepool.Server.SignIn;

/// <summary>What Caddy asks by itself before and after it checks a password. No request from outside is ever led here.</summary>
internal static class GateEndpoints
{
    private const string Attempt = "X-Tidepool-Attempt";

    public static void MapGate(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/gate", Knock).ExcludeFromDescription();
        routes.MapGet("/gate/passed", Passed).ExcludeFromDescription();
    }

    private static IResult Knock(HttpRequest request, SignInGate gate)
    {
        var client = IPAddress.TryParse(request.Headers["X-Tidepool-Client"], out var address) ? address : IPAddress.None;
        var response = request.HttpContext.Response;
        switch (gate.Knock(request.Headers.Authorization.ToString(), client))
        {
            case GateAnswer.Admitted admitted:
                response.Headers[Attempt] = admitted.Attempt;
                return Results.NoContent();
            case GateAnswer.TooMany tooMany:
                return TooMany(tooMany.RetryAfter);
            default:
                response.Headers["X-Tidepool-Known"] = "yes";
                return Results.NoContent();
        }
    }

    private static IResult Passed(HttpRequest request, SignInGate gate)
    {
        gate.Passed(request.Headers[Attempt].ToString(), request.Headers["X-Tidepool-Password-Version"].ToString());
        return Results.NoContent();
    }

    private static Problem TooMany(TimeSpan wait)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Problem.Of(429) with { Detail = $"Too many passwords were wrong. Try again in {seconds} seconds.", RetryAfter = seconds };
    }
}
