using System.Globalization;
using System.Net;
using System.Text;
using Tidepool.Server.Problems;

namespace Tidepool.Server.SignIn;

/// <summary>What Caddy asks by itself before and after it checks a password or a session. No request from outside is ever routed here.</summary>
internal static class GateEndpoints
{
    private const string Attempt = "X-Tidepool-Attempt";
    private const string BasicScheme = "Basic ";

    public static void MapGate(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/gate", AskToTryAsync).ExcludeFromDescription();
        routes.MapGet("/gate/passed", Passed).ExcludeFromDescription();
        routes.MapGet("/gate/holder", HolderOf).ExcludeFromDescription();
    }

    private static async Task<IResult> AskToTryAsync(HttpRequest request, SignInGate gate, SessionHolder holder)
    {
        var client = IPAddress.TryParse(request.Headers["X-Tidepool-Client"], out var address) ? address : IPAddress.None;
        var response = request.HttpContext.Response;
        var authorization = request.Headers.Authorization.ToString();
        switch (await gate.AskAsync(authorization, client, request.HttpContext.RequestAborted))
        {
            case GateAnswer.Admitted admitted:
                if (Substitute(authorization, request.Headers["X-Tidepool-Owner"].ToString(), gate.StandInFor) is { } substitute)
                {
                    response.Headers["X-Tidepool-Substitute"] = substitute;
                }

                response.Headers[Attempt] = admitted.Attempt;
                break;
            case GateAnswer.TooMany tooMany:
                return TooMany(tooMany.RetryAfter);
            default:
                response.Headers["X-Tidepool-Known"] = "yes";
                break;
        }

        return HolderOf(request, holder);
    }

    private static IResult Passed(HttpRequest request, SignInGate gate)
    {
        gate.Passed(request.Headers[Attempt].ToString(), request.Headers["X-Tidepool-Password-Version"].ToString());
        return Results.NoContent();
    }

    private static IResult HolderOf(HttpRequest request, SessionHolder holder)
    {
        if (End(request, "X-Tidepool-Client") is { } client && End(request, "X-Tidepool-Local") is { } local && holder.Of(client, local) is { } digest)
        {
            request.HttpContext.Response.Headers["X-Tidepool-Holder"] = digest;
        }

        return Results.NoContent();
    }

    /// <summary>One end of the client's connection with Caddy: an address, and a port in a header of its own.</summary>
    private static IPEndPoint? End(HttpRequest request, string header) =>
        IPAddress.TryParse(request.Headers[header], out var address)
        && ushort.TryParse(request.Headers[header + "-Port"], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new IPEndPoint(address, port)
            : null;

    /// <summary>
    /// What Caddy checks instead of a password of another user: the owner's name with a password that cannot be right. So the time
    /// of the check shows no client whether its user name is the owner's: Caddy checks an unknown user at a cost of its own. The
    /// same header gets the same password each time, since Caddy remembers what it checked.
    /// </summary>
    /// <param name="authorization">The header as it came.</param>
    /// <param name="owner">The owner's user name.</param>
    /// <param name="standIn">Gives the password that cannot be right, from what the header says.</param>
    /// <returns>Null for the owner's name, and for a header that Caddy cannot read: it spends no check on one.</returns>
    internal static string? Substitute(string authorization, string owner, Func<byte[], string> standIn)
    {
        // As Go reads the header: the scheme in any case, one space, and base64 without white space.
        if (!authorization.StartsWith(BasicScheme, StringComparison.OrdinalIgnoreCase) || authorization.AsSpan(BasicScheme.Length).ContainsAny(" \t\r\n"))
        {
            return null;
        }

        var bytes = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization[BasicScheme.Length..], bytes, out var length) || bytes.AsSpan(0, length).IndexOf((byte)':') is not (>= 0 and var colon))
        {
            return null;
        }

        return bytes.AsSpan(0, colon).SequenceEqual(Encoding.UTF8.GetBytes(owner))
            ? null
            : BasicScheme + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{owner}:{standIn(bytes[..length])}"));
    }

    private static Problem TooMany(TimeSpan wait)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Problem.Of(429) with { Detail = $"Too many passwords were wrong. Try again in {seconds} seconds.", RetryAfter = seconds };
    }
}
