using System.Text.Json.Nodes;
using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Incus;

/// <summary>The configuration of a new machine for Incus: its size, its isolation, and where its disk and its network are.</summary>
internal static class IncusInstanceConfig
{
    public const string ProcessesKey = "limits.processes";

    /// <summary>
    /// A new btrfs subvolume has a quota of its own, which is unlimited, so a guest may make none: SUBVOL_CREATE, SUBVOL_CREATE_V2,
    /// SNAP_CREATE, SNAP_CREATE_V2. The kernel compares the lower half of the number alone, and so does the filter.
    /// </summary>
    /// <remarks>
    /// The kernel counts the contexts of the older asynchronous input and output (io_setup) for the whole machine, and its keys for each
    /// user id and not for the container's memory. Programs get "no such call", and do without. The ring buffers of packet sockets
    /// (PACKET_RX_RING, PACKET_TX_RING) and of AF_XDP sockets (family 44) count against no limit, so a guest may make none, by none of the
    /// three ways into the kernel.
    /// </remarks>
    private static readonly string DeniedCalls = string.Join(
        '\n',
        [
            .. new[] { "io_setup", "add_key", "keyctl", "request_key", "io_uring_setup", "socketcall" }.Select(call => $"{call} errno 38"),
            "socket errno 97 [0,44,SCMP_CMP_MASKED_EQ,4294967295]",
            .. new[] { 5, 13 }.Select(ring => $"setsockopt errno 1 [1,263,SCMP_CMP_MASKED_EQ,4294967295][2,{ring},SCMP_CMP_MASKED_EQ,4294967295]"),
            .. new[] { 0x5000940e, 0x50009418, 0x50009401, 0x50009417 }.Select(call => $"ioctl errno 1 [1,{call},SCMP_CMP_MASKED_EQ,4294967295]"),
        ]);

    /// <summary>
    /// A container's root could raise its own ceilings with the capability, which is good for nothing else there. A file system that a guest
    /// serves itself can keep the kernel waiting for an answer, so that the container cannot be ended: its device is another one.
    /// </summary>
    private const string Lxc = "lxc.cap.drop = sys_resource\nlxc.mount.entry = /dev/null dev/fuse none bind,optional 0 0";

    private const int MostNamespaces = 256;

    /// <summary>
    /// What the kernel counts for the user that made a container, which is root. A ceiling holds for each user id in the container: it
    /// stops one program. The container's memory stops a root that uses many ids, because <c>tidepool up</c> raises the host's own
    /// limits above what that memory can hold. <c>user_namespaces(7)</c>, <c>inotify(7)</c>.
    /// </summary>
    private static readonly IEnumerable<KeyValuePair<string, string>> Ceilings = new[] { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" }
        .ToDictionary(kind => $"linux.sysctl.user.max_{kind}_namespaces", _ => $"{MostNamespaces}")
        .Append(new("linux.sysctl.user.max_inotify_instances", "256"))
        .Append(new("linux.sysctl.user.max_inotify_watches", "524288"))
        .Append(new("linux.sysctl.user.max_fanotify_groups", "64"))
        .Append(new("linux.sysctl.user.max_fanotify_marks", "65536"))
        .Where(ceiling => File.Exists("/proc/sys/" + ceiling.Key["linux.sysctl.".Length..].Replace('.', '/')))
        .ToList();

    /// <summary>What a container's root is kept from, the same for every container.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Bounds { get; } =
        [new("security.syscalls.deny", DeniedCalls), new("raw.lxc", Lxc), .. Ceilings];

    public static JsonObject Render(InstanceSpec spec, JsonObject source, JsonObject link, bool isMachine, IncusOptions options) => new()
    {
        ["name"] = spec.Name.ToString(),
        ["type"] = isMachine ? "virtual-machine" : "container",
        ["profiles"] = new JsonArray(),
        ["config"] = isMachine ? MachineConfig(spec) : ContainerConfig(spec, options),
        ["devices"] = new JsonObject
        {
            ["root"] = new JsonObject { ["type"] = "disk", ["path"] = "/", ["pool"] = options.Pool, ["size"] = $"{options.DiskGiB}GiB" },
            ["eth0"] = link,
        },
        ["source"] = source,
    };

    private static JsonObject Common(InstanceSpec spec) => new()
    {
        ["limits.cpu"] = spec.Cpus.ToString(),
        ["limits.memory"] = $"{spec.MemoryMiB}MiB",
        ["security.guestapi"] = "false",
        ["boot.autostart"] = "false",
        [IncusInstances.WorkspaceKey] = spec.Workspace.Value,
        [IncusInstances.HaltedKey] = "",
    };

    private static JsonObject ContainerConfig(InstanceSpec spec, IncusOptions options)
    {
        var config = Common(spec);
        // Many that boot at once shall not keep the page, or the machine's owner, waiting.
        config["limits.cpu.allowance"] = $"{options.CpuSharePercent}%";
        config[ProcessesKey] = options.ProcessLimit.ToString();
        foreach (var (key, value) in Bounds)
        {
            config[key] = value;
        }

        config["security.privileged"] = "false";
        config["security.nesting"] = "false";
        config["security.idmap.isolated"] = "true";
        foreach (var (key, value) in spec.Environment)
        {
            config["environment." + key] = value;
        }

        return config;
    }

    private static JsonObject MachineConfig(InstanceSpec spec)
    {
        // A machine without Incus's agent gets its environment from the firmware, one KEY=VALUE a line.
        var lines = string.Join('\n', spec.Environment.Select(pair => $"{pair.Key}={pair.Value}"));
        var config = Common(spec);
        config["security.secureboot"] = "false";
        config["raw.qemu"] = $"-fw_cfg \"name=opt/tidepool/env,string={lines.Replace(",", ",,", StringComparison.Ordinal)}\"";
        return config;
    }
}
