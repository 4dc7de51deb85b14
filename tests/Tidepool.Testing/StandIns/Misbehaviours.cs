using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tidepool.Testing.StandIns;

/// <summary>What becomes of a request: it is given with its honest answer, which may come late, changed, in part, or never.</summary>
public delegate Task Misbehaviour(HttpContext context, RequestDelegate honest);

/// <summary>Ways of a daemon that is ill.</summary>
public static class Misbehaviours
{
    public static readonly Misbehaviour Not = (context, honest) => honest(context);

    /// <summary>Until the client gives up.</summary>
    public static readonly Misbehaviour HangsForEver = async (context, _) =>
    {
        var given = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(given.SetResult);
        await given.Task;
    };

    public static readonly Misbehaviour HangsUp = (context, _) =>
    {
        context.Abort();
        return Task.CompletedTask;
    };

    /// <summary>Does it, and is gone before it says so.</summary>
    public static readonly Misbehaviour LosesTheAnswer = async (context, honest) =>
    {
        await TakenAsync(context, honest);
        context.Abort();
    };

    public static readonly Misbehaviour DoesItAndNeverSaysSo = async (context, honest) =>
    {
        await TakenAsync(context, honest);
        await HangsForEver(context, honest);
    };

    /// <summary>Says that more is to come than does.</summary>
    public static readonly Misbehaviour HangsUpMidway = async (context, honest) =>
    {
        var answer = await TakenAsync(context, honest);
        context.Response.ContentLength = answer.Length + 10;
        await context.Response.Body.WriteAsync(answer);
        await context.Response.Body.FlushAsync();
        context.Abort();
    };

    /// <summary>One kind of request is treated so, all others honestly.</summary>
    public static Misbehaviour Only(Func<HttpRequest, bool> those, Misbehaviour misbehaviour) =>
        (context, honest) => those(context.Request) ? misbehaviour(context, honest) : honest(context);

    /// <summary>The JSON that is answered, changed.</summary>
    public static Misbehaviour Says(Func<JsonNode, JsonNode?> change) =>
        (context, honest) => ChangedAsync(context, honest, text => change(JsonNode.Parse(text)!)?.ToJsonString() ?? "null");

    public static Misbehaviour Refuses(int status, string error) =>
        (context, _) => TextAsync(context, status, "application/json", new JsonObject { ["type"] = "error", ["error_code"] = status, ["error"] = error }.ToJsonString());

    private static async Task ChangedAsync(HttpContext context, RequestDelegate honest, Func<string, string> change)
    {
        var answer = Encoding.UTF8.GetString(await TakenAsync(context, honest));
        await context.Response.WriteAsync(change(answer), context.RequestAborted);
    }

    private static Task TextAsync(HttpContext context, int status, string type, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>Does what was asked for and keeps the answer.</summary>
    private static async Task<byte[]> TakenAsync(HttpContext context, RequestDelegate honest)
    {
        var body = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var kept = new MemoryStream();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(kept));
        try
        {
            await honest(context);
            await context.Response.CompleteAsync();
        }
        finally
        {
            context.Features.Set(body);
        }

        return kept.ToArray();
    }
}
