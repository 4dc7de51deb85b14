using System.Net;
using System.Text.Json;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Runtime.Incus;

/// <summary>Reads machines out of Incus's answers.</summary>
internal static class IncusInstances
{
    /// <summary>Set before the host side takes a machine down, and taken off at its next start.</summary>
    public const string HaltedKey = "user.tidepool.halted";

    public const string WorkspaceKey = "user.tidepool.workspace";
    private const int Stopped = 102;
    private const int Running = 103;

    /// <summary>Null where the machine is not one of ours.</summary>
    public static InstanceObservation? Read(JsonElement instance) => Read(instance, Address);

    /// <summary>As in a list, which has no state in it: the address that a running machine was given, whether or not its guest has taken it.</summary>
    public static InstanceObservation? ReadListed(JsonElement instance) => Read(instance, listed => IncusLinks.Read(listed)?.Address);

    private static InstanceObservation? Read(JsonElement instance, Func<JsonElement, IPAddress?> address)
    {
        if (!InstanceName.TryParse(instance.GetProperty("name").GetString(), out var name))
        {
            return null;
        }

        var config = instance.GetProperty("config");
        if (!config.TryGetProperty(WorkspaceKey, out _))
        {
            return null;
        }

        var state = instance.GetProperty("status_code").GetInt32() switch
        {
            Running => InstanceState.Running,
            Stopped => InstanceState.Stopped,
            _ => InstanceState.Changing,
        };
        var isolation = instance.GetProperty("type").GetString() == "virtual-machine" ? Isolation.VirtualMachine : Isolation.Container;
        return new InstanceObservation(name, state, state == InstanceState.Running ? address(instance) : null, isolation, Cause(config));
    }

    /// <summary>Incus stores when a machine was last started; for a machine that never was, the zero of its time. Throws if it does not say.</summary>
    public static bool WasEverStarted(JsonElement instance) => instance.GetProperty("last_used_at").GetDateTimeOffset() > DateTimeOffset.UnixEpoch;

    /// <summary>
    /// Incus stores the power state itself: a guest that shut down is stored as stopped, while a machine that went down with its host
    /// or its daemon is still stored as running.
    /// </summary>
    private static StopCause Cause(JsonElement config) =>
        config.TryGetProperty(HaltedKey, out _)
        || (config.TryGetProperty("volatile.last_state.power", out var power) && power.GetString() == "RUNNING")
            ? StopCause.Host
            : StopCause.Guest;

    /// <summary>The address it was given, once the guest has taken it. Other addresses that a guest claims do not count.</summary>
    private static IPAddress? Address(JsonElement instance)
    {
        if (IncusLinks.Read(instance) is not { } link
            || !instance.TryGetProperty("state", out var state)
            || state.ValueKind != JsonValueKind.Object
            || !state.TryGetProperty("network", out var network)
            || network.ValueKind != JsonValueKind.Object
            || !network.TryGetProperty("eth0", out var nic))
        {
            return null;
        }

        return nic.GetProperty("addresses").EnumerateArray().Any(a => a.GetProperty("address").GetString() == link.Address.ToString()) ? link.Address : null;
    }
}
