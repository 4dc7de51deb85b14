using System.Text.Json.Serialization;

namespace Tidepool.Host.Runtimes;

/// <summary>What makes the workspaces' machines.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RuntimeKind>))]
public enum RuntimeKind
{
    [JsonStringEnumMemberName("incus")] Incus,
    [JsonStringEnumMemberName("qemu")] Qemu,
    [JsonStringEnumMemberName("tart")] Tart,
}

/// <summary>The runtimes as people name them.</summary>
public static class RuntimeWords
{
    public const string Auto = "auto";

    /// <summary>What <c>--runtime</c> takes.</summary>
    public static readonly string[] All = [Auto, "incus", "qemu", "tart"];

    /// <summary>Null for <c>auto</c>.</summary>
    public static RuntimeKind? Parse(string word) => word switch
    {
        Auto => null,
        "incus" => RuntimeKind.Incus,
        "qemu" => RuntimeKind.Qemu,
        "tart" => RuntimeKind.Tart,
        _ => throw new CommandException($"'{word}' is no runtime. The runtimes are: {string.Join(", ", All)}.", ExitCodes.Usage),
    };

    /// <summary>Whether it may be Incus. If no runtime is recorded, an older Tidepool that knew only Incus may have made the workspaces.</summary>
    public static bool MayBeIncus(this RuntimeKind? runtime) => runtime is null or RuntimeKind.Incus;

    public static string Name(this RuntimeKind runtime) => runtime switch
    {
        RuntimeKind.Incus => "Incus",
        RuntimeKind.Qemu => "QEMU",
        RuntimeKind.Tart => "Tart",
    };
}
