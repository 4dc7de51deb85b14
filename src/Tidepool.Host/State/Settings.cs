using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tidepool.Host.Files;
using Tidepool.Host.Runtimes;

namespace Tidepool.Host.State;

/// <summary>The options of <c>up</c>, kept for the next time; server and worker read it. Keys it does not know stay as they are.</summary>
public sealed class Settings
{
    public const int DefaultApiPort = 8080;
    public const int DefaultWorkspacePort = 8081;

    private readonly Dictionary<string, (object Value, JsonTypeInfo Type)> sections = [];

    public int ApiPort { get; set; } = DefaultApiPort;

    public int WorkspacePort { get; set; } = DefaultWorkspacePort;

    /// <summary>The address that Caddy listens on.</summary>
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>Names by which browsers reach this Tidepool; Caddy refuses requests for others. Null for none.</summary>
    public IReadOnlyList<string>? HostNames { get; set; }

    public string UserName { get; set; } = "tidepool";

    /// <summary>The runtime that was asked for: one of them, or <c>auto</c>.</summary>
    public string Runtime { get; set; } = RuntimeCatalog.Auto;

    /// <summary>
    /// The runtime that the workspaces are in, decided at the first <c>up</c>; null before. It stays what it is while there are
    /// workspaces, whatever a later check of the machine would choose.
    /// </summary>
    public string? RuntimeInUse { get; set; }

    /// <summary>How much workspaces may take together; null while all of it follows from the machine.</summary>
    public CapacitySettings? Capacity { get; set; }

    /// <summary>The runtimes' sections, and keys that are not ours.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }

    [JsonIgnore]
    public string AppUrl => $"http://{Host}:{ApiPort}/app/";

    private string Host => Listen is "127.0.0.1" or "::1" or "0.0.0.0" or "::" or "localhost" ? "localhost" : Listen.Contains(':', StringComparison.Ordinal) ? $"[{Listen}]" : Listen;

    /// <summary>
    /// Those in force, or the defaults for a state directory that has none yet. The runtimes' sections are complete, and a state
    /// directory that has workspaces names their runtime.
    /// </summary>
    /// <exception cref="CommandException">The file cannot be read, or does not say which of two runtimes' machines are the workspaces.</exception>
    public static Settings Read(StateDirectory state, RuntimeCatalog runtimes) => Guard(state, () =>
    {
        var stored = Find(state);
        var settings = stored ?? new Settings();
        foreach (var runtime in runtimes.All)
        {
            runtime.Complete(settings, state);
        }

        // A state directory from before the choice of a runtime has settings that name none.
        settings.RuntimeInUse = settings.RuntimeInUse is { } name ? runtimes.Parse(name)?.Name
            : !HasDatabase(state) ? null
            : stored is null ? RuntimeMachines.RuntimeOf(runtimes, state)?.Name
            : runtimes.Of(settings).Name;
        return settings;
    });

    /// <summary>Those that are the same in all runtimes; the rest may be missing, so they must not be written.</summary>
    /// <exception cref="CommandException">The file cannot be read.</exception>
    public static Settings Read(StateDirectory state) => Guard(state, () => Find(state) ?? new Settings());

    /// <summary>A runtime's section. It is read once, and what is changed in it is written with the rest.</summary>
    /// <typeparam name="T">It keeps keys that it does not know.</typeparam>
    /// <exception cref="JsonException">It is not what the runtime takes.</exception>
    public T Section<T>(string name, JsonTypeInfo<T> type)
        where T : class, new()
    {
        if (sections.TryGetValue(name, out var known))
        {
            return (T)known.Value;
        }

        var section = Others?.TryGetValue(name, out var stored) == true ? stored.Deserialize(type) ?? new T() : new T();
        sections[name] = (section, type);
        return section;
    }

    public void Write(StateDirectory state)
    {
        DurableFiles.Write(state.Settings, ToJson() + "\n", StateDirectory.GroupFile);
        StateOwners.ShareSettings(state);
    }

    public string ToJson()
    {
        foreach (var (name, (value, type)) in sections)
        {
            (Others ??= [])[name] = JsonSerializer.SerializeToElement(value, type);
        }

        return JsonSerializer.Serialize(new SettingsDocument { Tidepool = this }, SettingsJson.Default.SettingsDocument);
    }

    /// <summary>Null where there is no file.</summary>
    private static Settings? Find(StateDirectory state)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(state.Settings), SettingsJson.Default.SettingsDocument)?.Tidepool;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static Settings Guard(StateDirectory state, Func<Settings> read)
    {
        try
        {
            return read();
        }
        catch (JsonException fault)
        {
            throw new CommandException(
                $"{state.Settings} is not valid JSON: {fault.Message} Correct it. If you remove it instead, your workspaces stay, but ports, addresses, limits and --no-nat are the defaults again.");
        }
    }

    private static bool HasDatabase(StateDirectory state) => File.Exists(state.Database) || File.Exists(StateUpgrade.OldDatabase(state));
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
