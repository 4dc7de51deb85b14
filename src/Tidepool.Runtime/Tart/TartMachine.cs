using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tidepool.Runtime.Tart;

/// <summary>A machine as <c>tart list --format json</c> shows it. Older ones say <c>Running</c>, newer ones <c>State</c> beside it.</summary>
internal sealed record TartMachine(string Name, string? State, bool? Running)
{
    public bool IsRunning => Running ?? string.Equals(State, "running", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="JsonException">That is not a list of machines.</exception>
    public static IReadOnlyList<TartMachine> ParseList(string json) =>
        JsonSerializer.Deserialize(json, TartJson.Default.IReadOnlyListTartMachine) is { } machines && machines.All(m => m?.Name is not null)
            ? machines
            : throw new JsonException("It is not a list of machines.");
}

[JsonSerializable(typeof(IReadOnlyList<TartMachine>))]
internal sealed partial class TartJson : JsonSerializerContext;
