using System.Text.Json;
using System.Text.Json.Serialization;
using Tidepool.Core.Ports;

namespace Tidepool.Db.Workspaces;

/// <summary>A workspace's ports as one JSON text; null for none.</summary>
internal static partial class PortColumn
{
    public static string? Write(IReadOnlyList<WorkspacePort> ports) =>
        ports.Count == 0
            ? null
            : JsonSerializer.Serialize(ports.Select(port => new StoredPort(port.Port.Value, port.Label, port.StripPrefix, port.Answers)).ToArray(), Json.Default.StoredPortArray);

    public static IReadOnlyList<WorkspacePort> Read(string? column) =>
        column is null
            ? []
            : [.. JsonSerializer.Deserialize(column, Json.Default.StoredPortArray)!.Select(ToPort)];

    private static WorkspacePort ToPort(StoredPort stored) =>
        PortNumber.TryParse(stored.Port, out var port)
            ? new WorkspacePort(port, stored.Label, stored.StripPrefix ?? true, stored.Answers ?? false)
            : throw new InvalidOperationException($"The database holds {stored.Port} as a workspace's port, which no workspace can have.");

    internal sealed record StoredPort(int Port, string? Label, bool? StripPrefix, bool? Answers);

    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(StoredPort[]))]
    private sealed partial class Json : JsonSerializerContext;
}
