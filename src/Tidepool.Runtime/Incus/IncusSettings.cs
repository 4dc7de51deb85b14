using System.Text.Json;
using System.Text.Json.Serialization;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Incus;

/// <summary>The runtime's section of the settings: which daemon, and the names of what is ours in it.</summary>
internal sealed class IncusSettings
{
    public string Socket { get; set; } = "";

    public string Project { get; set; } = "tidepool";

    /// <summary>The bridge.</summary>
    public string Network { get; set; } = "";

    public string Pool { get; set; } = "";

    public bool Nat { get; set; } = true;

    public int? PoolSizeGiB { get; set; }

    /// <summary>Whether it is to run virtual machines, as was found out when the runtime was chosen; null leaves it to what Incus says.</summary>
    public bool? Machines { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static IncusSettings Of(Settings settings) => settings.Section("Incus", IncusSettingsJson.Default.IncusSettings);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IncusSettings))]
internal sealed partial class IncusSettingsJson : JsonSerializerContext;
