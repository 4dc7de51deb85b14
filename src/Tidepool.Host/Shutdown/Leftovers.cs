using Tidepool.Host.Processes;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Host.Shutdown;

/// <summary>
/// What processes that were killed leave behind on the machine: other processes, mounts, the bridge, firewall rules. This
/// state directory's path, or names derived from it, show that they are ours.
/// </summary>
internal sealed class Leftovers(StateDirectory state, Settings settings)
{
    private readonly FirewallChains firewall = new(settings.Bridge, state);
    private readonly BoundaryRules boundary = new(settings.Bridge);

    private string Bridge => settings.Bridge;

    /// <summary>Whether the bridge that machines of ours hang on is there.</summary>
    public bool BridgeExists => Bridge.Length > 0 && Directory.Exists("/sys/class/net/" + Bridge);

    /// <summary>Whether machines of ours run, with or without a supervisor.</summary>
    public bool MachinesRun() => NotedMachines().Any() || OurProcesses().Any(pid => ProcessTable.CommandLine(pid) is var line && (IsMonitor(line) || IsEmulator(line)));

    public async Task RemoveAsync(Action<string> say, CancellationToken cancellationToken)
    {
        foreach (var identity in ProcessTable.WithDescendants(OurProcesses()).Select(ProcessIdentity.Of).OfType<ProcessIdentity>())
        {
            say($"Ending process {identity.Pid} ({ProcessTable.Name(identity.Pid)}), which was left over.");
            Signals.Send(identity, Signals.Kill);
        }

        foreach (var mount in OurMounts())
        {
            if (mount == state.IncusView)
            {
                await UnmountAsync(mount, cancellationToken);
                continue;
            }

            say($"Unmounting {mount}, which was left over.");
            await UnmountAsync(mount, cancellationToken);
        }

        RemoveView();
        foreach (var link in MachineLinks())
        {
            say($"Removing the network link {link}, which was left over.");
            await Tool.RunAsync("ip", ["link", "delete", link], cancellationToken);
        }

        if (BridgeExists)
        {
            say($"Removing the bridge {Bridge}, which was left over.");
            await Tool.RunAsync("ip", ["link", "delete", Bridge], cancellationToken);
        }

        await firewall.RemoveAsync(say, cancellationToken);
        await boundary.RemoveAsync(cancellationToken);
    }

    private static async Task UnmountAsync(string mount, CancellationToken cancellationToken)
    {
        if (!(await Tool.RunAsync("umount", [mount], cancellationToken)).Succeeded)
        {
            await Tool.RunAsync("umount", ["--lazy", mount], cancellationToken);
        }
    }

    /// <summary>A description of what is still there.</summary>
    public async Task<IReadOnlyList<string>> FindAsync(CancellationToken cancellationToken) =>
    [
        .. OurProcesses().Select(pid => $"process {pid} ({ProcessTable.Name(pid)})"),
        .. OurMounts().Select(mount => $"mount {mount}"),
        .. MachineLinks().Select(link => $"network link {link}"),
        .. BridgeExists ? [$"bridge {Bridge}"] : Array.Empty<string>(),
        .. (await firewall.FindAsync(cancellationToken)).Select(chain => $"firewall chain {chain}"),
        .. await boundary.FindAsync(cancellationToken),
    ];

    /// <summary>Mounts below the state directory, the innermost first.</summary>
    internal static IReadOnlyList<string> MountsBelow(string directory, IEnumerable<string> mountTable) =>
        [.. mountTable
            .Select(line => line.Split(' '))
            .Where(fields => fields.Length > 4)
            .Select(fields => Unescape(fields[4]))
            .Where(mount => mount == directory || mount.StartsWith(directory + "/", StringComparison.Ordinal))
            .Reverse()];

    private static string Unescape(string path) => path.Replace(@"\040", " ").Replace(@"\011", "\t").Replace(@"\134", @"\");

    private static bool IsMonitor(string commandLine) => commandLine.StartsWith("[lxc monitor]", StringComparison.Ordinal);

    private static bool IsEmulator(string commandLine) => Path.GetFileName(commandLine.Split(' ')[0]).StartsWith("qemu-system-", StringComparison.Ordinal);

    private IReadOnlyList<string> OurMounts()
    {
        var table = File.ReadAllLines("/proc/self/mountinfo");
        // A file system may be mounted on the state directory itself; that is its owner's.
        return [.. MountsBelow(state.IncusView, table), .. MountsBelow(state.Root, table).Where(mount => mount != state.Root)];
    }

    private IReadOnlyList<string> MachineLinks() => [.. OurLinks().Union(settings.RuntimeInUse == RuntimeKind.Qemu ? [] : IncusLinks())];

    /// <summary>The host's ends of machines that were ended by force a moment ago, or that cannot be ended, and those left by an older Tidepool.</summary>
    private IReadOnlyList<string> OurLinks() =>
        [.. Directory.EnumerateFileSystemEntries("/sys/class/net").Select(path => Path.GetFileName(path)).Where(link => link.StartsWith(NetworkNames.LinkPrefixOf(Bridge), StringComparison.Ordinal))];

    /// <summary>The host's ends of network links whose machine never came to run.</summary>
    private IReadOnlyList<string> IncusLinks()
    {
        var run = state.At("incus", "run");
        return Directory.Exists(run)
            ? [.. Directory.EnumerateFiles(run, "lxc.conf", SearchOption.AllDirectories)
                .SelectMany(File.ReadLines)
                .Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries))
                .Where(parts => parts.Length == 2 && parts[0].StartsWith("lxc.net.", StringComparison.Ordinal) && parts[0].EndsWith(".link", StringComparison.Ordinal))
                .Select(parts => parts[1])
                .Where(link => (link.StartsWith("veth", StringComparison.Ordinal) || link.StartsWith("tw", StringComparison.Ordinal)) && Directory.Exists("/sys/class/net/" + link))]
            : [];
    }

    private void RemoveView()
    {
        if (Directory.Exists(state.IncusView) && !Directory.EnumerateFileSystemEntries(state.IncusView).Any())
        {
            Directory.Delete(state.IncusView);
        }

        if (Directory.Exists(StateDirectory.IncusViews) && !Directory.EnumerateFileSystemEntries(StateDirectory.IncusViews).Any())
        {
            Directory.Delete(StateDirectory.IncusViews);
        }
    }

    /// <summary>Only programs that we start: an editor that a person opened on a file in here is theirs.</summary>
    private IReadOnlyList<int> OurProcesses() =>
        [.. ProcessTable.All().Where(pid => pid != Environment.ProcessId && IsOurs(ProcessTable.CommandLine(pid), pid)).Union(NotedMachines())];

    /// <summary>The QEMU processes that the runtime recorded. A compromised QEMU can empty its command line.</summary>
    private IReadOnlyList<int> NotedMachines() =>
        Directory.Exists(state.At("qemu", "machines"))
            ? [.. Directory.EnumerateDirectories(state.At("qemu", "machines")).Select(machine => PidFile.ReadAlive(Path.Combine(machine, "process"))?.Pid).OfType<int>()]
            : [];

    private bool IsOurs(string commandLine, int pid)
    {
        if (ProcessRights.Of(pid)?.User is { } user && IsPersons(user))
        {
            return false;
        }

        var program = Path.GetFileName(commandLine.Split(' ')[0]);
        return program switch
        {
            "incusd" => InEnvironment(pid, "INCUS_DIR=" + state.IncusView) || NamesOurs(commandLine),
            "dnsmasq" or "caddy" => NamesOurs(commandLine),
            "dotnet" => commandLine.Contains("Tidepool.", StringComparison.Ordinal) && (commandLine + " ").Contains($"--state {state.Root} ", StringComparison.Ordinal),
            _ => (IsMonitor(commandLine) || IsEmulator(commandLine)) && NamesOurs(commandLine),
        };
    }

    /// <summary>
    /// Whether a person or a container can have this user id, by the table of user ids that distributions share (systemd, UIDS-GIDS).
    /// None of our processes has one; without this check, any user could keep Tidepool from going down.
    /// </summary>
    internal static bool IsPersons(uint user) => user is (>= 1000 and < 60_000) or (>= 100_000 and < 1_879_048_192);

    private bool NamesOurs(string commandLine) => NamesBelow(state.Root, commandLine) || NamesBelow(state.IncusView, commandLine);

    /// <summary>
    /// Whether a command line has a path below the directory, alone or as a part of an argument, as in <c>file=/data/disk,format=raw</c>.
    /// <c>/srv/data/disk</c> is not below <c>/data</c>.
    /// </summary>
    internal static bool NamesBelow(string directory, string commandLine)
    {
        for (var at = commandLine.IndexOf(directory + "/", StringComparison.Ordinal); at >= 0; at = commandLine.IndexOf(directory + "/", at + 1, StringComparison.Ordinal))
        {
            if (at == 0 || " =,:;'\"".Contains(commandLine[at - 1], StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static bool InEnvironment(int pid, string entry)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ").Split('\0').Contains(entry);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
