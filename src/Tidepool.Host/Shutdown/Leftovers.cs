using Tidepool.Host.Accounts;
using Tidepool.Host.Processes;
using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Host.Shutdown;

/// <summary>
/// What processes that were killed leave behind on the machine: other processes, mounts, the bridge, firewall rules. This
/// state directory's path, or names derived from it, show that they are ours.
/// </summary>
internal sealed class Leftovers(RuntimeCatalog runtimes, StateDirectory state, Settings settings)
{
    private const uint Nobody = 65534;
    private readonly RuntimeDescriptor runtime = runtimes.Of(settings);
    private readonly BoundaryRules? boundary = runtimes.Of(settings) is { HasBridge: true } bridged ? new(bridged.BridgeOf(settings)) : null;
    private readonly IReadOnlyList<string> mountPoints = [.. runtimes.All.Select(one => one.Leftovers.MountPoint(state)).OfType<string>()];

    private string Bridge => runtime.BridgeOf(settings);

    /// <summary>Those of all runtimes: an earlier one may have left something.</summary>
    private IEnumerable<RuntimeLeftovers> All => runtimes.All.Select(one => one.Leftovers);

    /// <summary>Whether the bridge that machines of ours hang on is there.</summary>
    public bool BridgeExists => Bridge.Length > 0 && Directory.Exists("/sys/class/net/" + Bridge);

    /// <summary>Whether machines of ours run, with or without a supervisor.</summary>
    public bool MachinesRun() => RecordedMachines().Any() || OurProcesses().Any(pid => IsMachine(ProcessTable.CommandLine(pid)));

    public async Task RemoveAsync(Action<string> say, CancellationToken cancellationToken)
    {
        foreach (var identity in ProcessTable.WithDescendants(OurProcesses()).Select(ProcessIdentity.Of).OfType<ProcessIdentity>())
        {
            say($"Ending process {identity.Pid} ({ProcessTable.Name(identity.Pid)}), which was left over.");
            Signals.Send(identity, Signals.Kill);
        }

        foreach (var mount in OurMounts())
        {
            if (mountPoints.Contains(mount))
            {
                await UnmountAsync(mount, cancellationToken);
                continue;
            }

            say($"Unmounting {mount}, which was left over.");
            await UnmountAsync(mount, cancellationToken);
        }

        RemoveMountPoints();
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

        foreach (var left in All)
        {
            await left.RemoveRulesAsync(state, Bridge, say, cancellationToken);
        }

        await (boundary?.RemoveAsync(cancellationToken) ?? Task.CompletedTask);
    }

    private static async Task UnmountAsync(string mount, CancellationToken cancellationToken)
    {
        if (!(await Tool.RunAsync("umount", [mount], cancellationToken)).Succeeded)
        {
            await Tool.RunAsync("umount", ["--lazy", mount], cancellationToken);
        }
    }

    /// <summary>A description of what is still there.</summary>
    public async Task<IReadOnlyList<string>> FindAsync(CancellationToken cancellationToken)
    {
        var rules = new List<string>();
        foreach (var left in All)
        {
            rules.AddRange(await left.FindRulesAsync(state, Bridge, cancellationToken));
        }

        return
        [
            .. OurProcesses().Select(pid => $"process {pid} ({ProcessTable.Name(pid)})"),
            .. OurMounts().Select(mount => $"mount {mount}"),
            .. MachineLinks().Select(link => $"network link {link}"),
            .. BridgeExists ? [$"bridge {Bridge}"] : Array.Empty<string>(),
            .. rules,
            .. boundary is null ? [] : await boundary.FindAsync(cancellationToken),
        ];
    }

    /// <summary>Mounts below the state directory, the innermost first.</summary>
    internal static IReadOnlyList<string> MountsBelow(string directory, IEnumerable<string> mountTable) =>
        [.. mountTable
            .Select(line => line.Split(' '))
            .Where(fields => fields.Length > 4)
            .Select(fields => Unescape(fields[4]))
            .Where(mount => mount == directory || mount.StartsWith(directory + "/", StringComparison.Ordinal))
            .Reverse()];

    private static string Unescape(string path) => path.Replace(@"\040", " ").Replace(@"\011", "\t").Replace(@"\134", @"\");

    private bool IsMachine(string commandLine) => All.Any(left => left.IsMachine(commandLine));

    private IReadOnlyList<string> OurMounts()
    {
        var table = File.ReadAllLines("/proc/self/mountinfo");
        // A file system may be mounted on the state directory itself; that is its owner's.
        return [.. mountPoints.SelectMany(point => MountsBelow(point, table)), .. MountsBelow(state.Root, table).Where(mount => mount != state.Root)];
    }

    private IReadOnlyList<string> MachineLinks() => [.. OurLinks().Union(runtime.Leftovers.Links(state))];

    /// <summary>The host's ends of machines that were ended by force a moment ago, or that cannot be ended, and those left by an older Tidepool.</summary>
    private IEnumerable<string> OurLinks() =>
        runtime.HasBridge
            ? Directory.EnumerateFileSystemEntries("/sys/class/net").Select(path => Path.GetFileName(path)).Where(link => link.StartsWith(NetworkNames.LinkPrefixOf(Bridge), StringComparison.Ordinal))
            : [];

    /// <summary>Several Tidepools share the directory that theirs are in.</summary>
    private void RemoveMountPoints()
    {
        foreach (var point in mountPoints.SelectMany(point => new[] { point, Path.GetDirectoryName(point)! }))
        {
            if (Directory.Exists(point) && !Directory.EnumerateFileSystemEntries(point).Any())
            {
                Directory.Delete(point);
            }
        }
    }

    /// <summary>Only programs that we start: an editor that a person opened on a file in here is theirs.</summary>
    private IReadOnlyList<int> OurProcesses()
    {
        var accounts = ServiceAccounts.Find(state);
        return [.. ProcessTable.All().Where(pid => pid != Environment.ProcessId && IsOurs(ProcessTable.CommandLine(pid), pid, accounts)).Union(RecordedMachines())];
    }

    private IEnumerable<int> RecordedMachines() => All.SelectMany(left => left.RecordedMachines(state));

    private bool IsOurs(string commandLine, int pid, ServiceAccounts? accounts)
    {
        var program = Path.GetFileName(commandLine.Split(' ')[0]);
        var machine = All.FirstOrDefault(left => left.IsMachine(commandLine));
        if (ProcessRights.Of(pid)?.User is { } user && !MayBeOurs(user, program, machine?.FirstMachineUser, accounts))
        {
            return false;
        }

        return program switch
        {
            "dnsmasq" or "caddy" => NamesOurs(commandLine),
            "dotnet" => commandLine.Contains("Tidepool.", StringComparison.Ordinal) && (commandLine + " ").Contains($"--state {state.Root} ", StringComparison.Ordinal),
            _ => NamesOurs(commandLine) is var names && ((names && machine is not null) || All.Any(left => left.IsDaemon(state, pid, program, names))),
        };
    }

    /// <summary>
    /// Whether a process of ours can have this user: root, the state directory's two accounts, the system's account that dnsmasq runs
    /// as, and the users of machines. Without this check, any user could keep Tidepool from going down.
    /// </summary>
    internal static bool MayBeOurs(uint user, string program, uint? firstMachineUser, ServiceAccounts? accounts) =>
        user == 0 || user == accounts?.Server.User || user == accounts?.Caddy.User
        || (program == "dnsmasq" && (user < 1000 || user == Nobody))
        || user >= firstMachineUser;

    private bool NamesOurs(string commandLine) => mountPoints.Prepend(state.Root).Any(directory => NamesBelow(directory, commandLine));

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
}
