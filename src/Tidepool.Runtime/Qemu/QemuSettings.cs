using System.Text.Json;
using System.Text.Json.Serialization;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Qemu;

/// <summary>The runtime's section of the settings; null where its own default holds.</summary>
internal sealed class QemuSettings
{
    public string Bridge { get; set; } = "";

    public bool Nat { get; set; } = true;

    /// <summary>What one workspace's disk may grow to.</summary>
    public int? DiskGiB { get; set; }

    /// <summary><c>kvm</c>, <c>tcg</c> or <c>auto</c>.</summary>
    public string? Accelerator { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    public static QemuSettings Of(Settings settings) => settings.Section("Qemu", QemuSettingsJson.Default.QemuSettings);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QemuSettings))]
internal sealed partial class QemuSettingsJson : JsonSerializerContext;
