using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tidepool.Server.Hosting;

/// <summary>An answer with one JSON value a line.</summary>
internal sealed record JsonLines<T>(IReadOnlyList<T> Items, JsonTypeInfo<T> Type) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/x-ndjson";
        foreach (var item in Items)
        {
            await JsonSerializer.SerializeAsync(httpContext.Response.Body, item, Type, httpContext.RequestAborted);
            await httpContext.Response.Body.WriteAsync("\n"u8.ToArray(), httpContext.RequestAborted);
        }
    }
}
