using System.Text.Json;
using System.Text.Json.Serialization;
using Tidepool.Host.Runtimes;

namespace Tidepool.Host.State;

/// <summary>The options of <c>up</c>, kept for the next time; server and worker read it. Keys it does not know stay as they are.</summary>
public sealed class Settings
{
    public const int DefaultApiPort = 8080;
    public const int DefaultWorkspacePort = 8081;

    public int ApiPort { get; set; } = DefaultApiPort;

    public int WorkspacePort { get; set; } = DefaultWorkspacePort;

    /// <summary>The address that Caddy listens on.</summary>
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>Names by which browsers reach this Tidepool; Caddy refuses requests for others. Null for none.</summary>
    public IReadOnlyList<string>? HostNames { get; set; }

    public string UserName { get; set; } = "tidepool";

    /// <summary>The runtime that was asked for: one of them, or <c>auto</c>.</summary>
    public string Runtime { get; set; } = RuntimeWords.Auto;

    /// <summary>
    /// The runtime that the workspaces are in, decided at the first <c>up</c>; null before. It stays what it is while there are
    /// workspaces, whatever a later check of the machine would choose.
    /// </summary>
    public RuntimeKind? RuntimeInUse { get; set; }

    /// <summary>How much workspaces may take together; null while all of it follows from the machine.</summary>
    public CapacitySettings? Capacity { get; set; }

    public IncusSettings Incus { get; set; } = new();

    public QemuSettings Qemu { get; set; } = new();

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    /// <summary>The bridge that the workspaces hang on.</summary>
    [JsonIgnore]
    public string Bridge => RuntimeInUse == RuntimeKind.Qemu ? Qemu.Bridge : Incus.Network;

    /// <summary>Whether the workspaces' image has to have a disk and a kernel for virtual machines.</summary>
    [JsonIgnore]
    public bool NeedsMachineImage => RuntimeInUse == RuntimeKind.Qemu || (RuntimeInUse == RuntimeKind.Incus && Incus.Machines == true);

    [JsonIgnore]
    public string AppUrl => $"http://{Host}:{ApiPort}/app/";

    private string Host => Listen is "127.0.0.1" or "::1" or "0.0.0.0" or "::" or "localhost" ? "localhost" : Listen.Contains(':', StringComparison.Ordinal) ? $"[{Listen}]" : Listen;

    /// <summary>Those in force, or the defaults for a state directory that has none yet.</summary>
    public static Settings Read(StateDirectory state)
    {
        try
        {
            var document = JsonSerializer.Deserialize(File.ReadAllText(state.Settings), SettingsJson.Default.SettingsDocument);
            var settings = Complete(document?.Tidepool ?? Default(state), state);

            // A state directory from before the choice of a runtime has settings that name none.
            settings.RuntimeInUse ??= HasDatabase(state) ? RuntimeKind.Incus : null;
            return settings;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            var settings = Complete(Default(state), state);
            settings.RuntimeInUse = HasDatabase(state) ? RuntimeMachines.RuntimeOf(state) : null;
            return settings;
        }
        catch (JsonException fault)
        {
            throw new CommandException(
                $"{state.Settings} is not valid JSON: {fault.Message} Correct it. If you remove it instead, your workspaces stay, but ports, addresses, limits and --no-nat are the defaults again.");
        }
    }

    public void Write(StateDirectory state)
    {
        StateDirectory.Write(state.Settings, ToJson() + "\n", StateDirectory.GroupFile);
        StateOwners.ShareSettings(state);
    }

    public string ToJson() => JsonSerializer.Serialize(new SettingsDocument { Tidepool = this }, SettingsJson.Default.SettingsDocument);

    private static Settings Default(StateDirectory state)
    {
        // Names made of the path, so that several Tidepools on one machine never meet.
        return new Settings { Incus = new IncusSettings { Socket = state.IncusSocket, Network = NetworkNames.BridgeOf(state), Pool = "tidepool-" + state.Key } };
    }

    private static Settings Complete(Settings settings, StateDirectory state)
    {
        settings.Qemu.Bridge = settings.Qemu.Bridge.Length > 0 ? settings.Qemu.Bridge : NetworkNames.BridgeOf(state);
        return settings;
    }

    private static bool HasDatabase(StateDirectory state) => File.Exists(state.Database) || File.Exists(StateUpgrade.OldDatabase(state));
}

/// <summary>The runtime's part of the settings: which daemon, and the names of what is ours in it.</summary>
public sealed class IncusSettings
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
}

/// <summary>The QEMU runtime's part of the settings; null where its own default holds.</summary>
public sealed class QemuSettings
{
    public string Bridge { get; set; } = "";

    public bool Nat { get; set; } = true;

    /// <summary>What one workspace's disk may grow to.</summary>
    public int? DiskGiB { get; set; }

    /// <summary><c>kvm</c>, <c>tcg</c> or <c>auto</c>.</summary>
    public string? Accelerator { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

/// <summary>The options of <c>up</c> for the workspaces' share of this machine; null where it follows from the machine.</summary>
public sealed class CapacitySettings
{
    public int? MemoryMiB { get; set; }

    public double? CpuOversubscription { get; set; }

    /// <summary>What has to be free on the disk for a workspace to be made; null for the server's own.</summary>
    public int? DiskReserveMiB { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed class SettingsDocument
{
    public Settings Tidepool { get; set; } = new();

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

[JsonSourceGenerationOptions(WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SettingsDocument))]
internal sealed partial class SettingsJson : JsonSerializerContext;
