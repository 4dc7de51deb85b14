using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tidepool.Contracts;

/// <summary>How every record of this project is written to the wire, without reflection.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WorkspaceResponse))]
[JsonSerializable(typeof(PageResponse<WorkspaceResponse>))]
[JsonSerializable(typeof(CreateWorkspaceRequest))]
[JsonSerializable(typeof(CloneWorkspaceRequest))]
[JsonSerializable(typeof(RegisterPortRequest))]
[JsonSerializable(typeof(PortResponse))]
[JsonSerializable(typeof(PageResponse<ActivityResponse>))]
[JsonSerializable(typeof(LogLineResponse))]
[JsonSerializable(typeof(IReadOnlyList<PortResponse>))]
[JsonSerializable(typeof(IReadOnlyList<ImageResponse>))]
[JsonSerializable(typeof(CapacityResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(RemovedEvent))]
[JsonSerializable(typeof(ProblemResponse))]
public sealed partial class TidepoolJson : JsonSerializerContext;
