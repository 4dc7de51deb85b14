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
    private const int HugeMiB = 256;

    public static readonly Misbehaviour Not = (context, honest) => honest(context);

    /// <summary>Those after which nobody can tell whether what was asked for was done, by name.</summary>
    public static readonly IReadOnlyDictionary<string, Misbehaviour> CannotTell = new Dictionary<string, Misbehaviour>
    {
        ["hangs for ever"] = HangsAsync,
        ["answers 500"] = (context, _) => TextAsync(context, 500, "application/json", """{"type":"error","error_code":500,"error":"Internal trouble"}"""),
        ["answers with a page"] = (context, _) => TextAsync(context, 200, "text/html", "<html><body>502 Bad Gateway</body></html>"),
        ["answers not found, with a page"] = (context, _) => TextAsync(context, 404, "text/html", "<html><body>404</body></html>"),
        ["answers with half of the JSON"] = (context, honest) => ChangedAsync(context, honest, text => text[..(text.Length / 2)]),
        ["answers with nothing"] = (context, _) => TextAsync(context, 200, "application/json", ""),
        ["answers with null"] = (context, _) => TextAsync(context, 200, "application/json", "null"),
        ["answers with a list"] = (context, _) => TextAsync(context, 200, "application/json", "[[1],[2]]"),
        ["answers with no type"] = (context, _) => TextAsync(context, 200, "application/json", "{}"),
        ["answers with an error of the wrong types"] = (context, _) => TextAsync(context, 500, "application/json", """{"type":"error","error_code":"404","error":[]}"""),
        ["answers without end"] = HugeAsync,
        ["hangs up"] = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        },
        ["hangs up midway"] = HangsUpMidwayAsync,
        ["does it and loses the answer"] = async (context, honest) =>
        {
            await TakenAsync(context, honest);
            context.Abort();
        },
        ["does it and never says so"] = async (context, honest) =>
        {
            await TakenAsync(context, honest);
            await HangsAsync(context, honest);
        },
    };

    /// <summary>One kind of request is treated so, all others honestly.</summary>
    public static Misbehaviour Only(Func<HttpRequest, bool> those, Misbehaviour misbehaviour) =>
        (context, honest) => those(context.Request) ? misbehaviour(context, honest) : honest(context);

    /// <summary>The JSON that is answered, changed.</summary>
    public static Misbehaviour Says(Func<JsonNode, JsonNode?> change) =>
        (context, honest) => ChangedAsync(context, honest, text => change(JsonNode.Parse(text)!)?.ToJsonString() ?? "null");

    public static Misbehaviour Refuses(int status, string error) =>
        (context, _) => TextAsync(context, status, "application/json", new JsonObject { ["type"] = "error", ["error_code"] = status, ["error"] = error }.ToJsonString());

    /// <summary>Until whoever asked gives up.</summary>
    private static async Task HangsAsync(HttpContext context, RequestDelegate honest)
    {
        var given = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(given.SetResult);
        await given.Task;
    }

    private static async Task HugeAsync(HttpContext context, RequestDelegate honest)
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("""{"type":"sync","metadata":" """);
        var much = Encoding.ASCII.GetBytes(new string('x', 1024 * 1024));
        for (var i = 0; i < HugeMiB && !context.RequestAborted.IsCancellationRequested; i++)
        {
            await context.Response.Body.WriteAsync(much);
        }

        await context.Response.WriteAsync("\"}");
    }

    private static async Task HangsUpMidwayAsync(HttpContext context, RequestDelegate honest)
    {
        var answer = await TakenAsync(context, honest);
        context.Response.ContentLength = answer.Length + 10;
        await context.Response.Body.WriteAsync(answer);
        await context.Response.Body.FlushAsync();
        context.Abort();
    }

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
