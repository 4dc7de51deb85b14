using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tidepool.Server.Problems;

/// <summary>Reads a JSON body, and says what is wrong with it where something is.</summary>
internal static class RequestBody
{
    public const int MaxBytes = 64 * 1024;

    /// <summary>
    /// What the server reads at most before it refuses: as much as the proxy lets through. An answer that came before the body was
    /// taken would close the connection under the proxy's hands, and it would tell the client something else.
    /// </summary>
    public const int MaxDrainedBytes = 2 * 1024 * 1024;

    public static async Task<(T? Value, Problem? Problem)> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class
    {
        if (!request.HasJsonContentType())
        {
            return (null, Problem.Of(415));
        }

        try
        {
            if (await TakeAsync(request) is not { } body)
            {
                return (null, Problem.Of(413));
            }

            return JsonSerializer.Deserialize(body.Span, type) is { } value
                ? (value, null)
                : (null, Problem.Invalid("body", "The body is null; an object is needed."));
        }
        catch (JsonException fault)
        {
            var field = fault.Path is { Length: > 2 } path ? path[2..] : "body";
            return (null, Problem.Invalid(field, field == "body" ? "The body is not valid JSON." : $"The value of '{field}' is of the wrong type."));
        }
        catch (BadHttpRequestException fault)
        {
            return (null, Problem.Of(fault.StatusCode));
        }
    }

    /// <summary>Reads and drops a body that no endpoint reads, for the same reason.</summary>
    public static async Task DropAsync(HttpRequest request)
    {
        try
        {
            await request.Body.CopyToAsync(Stream.Null, request.HttpContext.RequestAborted);
        }
        catch (BadHttpRequestException)
        {
            // Larger than Caddy lets through.
        }
    }

    /// <summary>The whole body, or null if it is larger than allowed; then it was read to its end and dropped.</summary>
    private static async Task<ReadOnlyMemory<byte>?> TakeAsync(HttpRequest request)
    {
        var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        var whole = true;
        int read;
        while ((read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0)
        {
            whole = whole && body.Length + read <= MaxBytes;
            if (whole)
            {
                body.Write(buffer, 0, read);
            }
        }

        return whole ? new ReadOnlyMemory<byte>(body.GetBuffer(), 0, (int)body.Length) : default(ReadOnlyMemory<byte>?);
    }
}
