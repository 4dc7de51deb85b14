using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tidepool.Server.Problems;

/// <summary>Reads a JSON body, and says what is wrong with it where something is.</summary>
internal static class RequestBody
{
    public const int MaxBytes = 64 * 1024;

    public static async Task<(T? Value, Problem? Problem)> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class
    {
        if (!request.HasJsonContentType())
        {
            return (null, Problem.Of(415));
        }

        try
        {
            return await JsonSerializer.DeserializeAsync(request.Body, type, request.HttpContext.RequestAborted) is { } value
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
}
