using Tidepool.Cli.Processes;
using Tidepool.Cli.State;

namespace Tidepool.Cli.Shutdown;

/// <summary>
/// What processes that were killed leave behind on the machine: other processes, mounts, the bridge, firewall rules. All of it
/// is told from other people's by this state directory's path or by names made of it.
/// </summary>
internal sealed class Leftovers(StateDirectory state, Settings settings)
{
    private readonly FirewallChains firewall = new(settings.Incus.Network, state);

    private string Bridge => settings.Incus.Network;

    private bool BridgeExists => Bridge.Length > 0 && Directory.Exists("/sys/class/net/" + Bridge);

    /// <summary>Whether machines of ours run, whoever watches over them.</summary>
    public bool MachinesRun() => OurProcesses().Any(pid => ProcessTable.CommandLine(pid) is var line && (IsMonitor(line) || IsEmulator(line)));

    public async Task RemoveAsync(Action<string> say, CancellationToken cancellationToken)
    {
        foreach (var identity in ProcessTable.WithDescendants(OurProcesses()).Select(ProcessIdentity.Of).OfType<ProcessIdentity>())
        {
            say($"Ending process {identity.Pid} ({ProcessTable.Name(identity.Pid)}), which was left over.");
            Signals.Send(identity, Signals.Kill);
        }

        foreach (var mount in OurMounts())
        {
            say($"Unmounting {mount}, which was left over.");
            if (!(await Tool.RunAsync("umount", [mount], cancellationToken)).Succeeded)
            {
                await Tool.RunAsync("umount", ["--lazy", mount], cancellationToken);
            }
        }

        if (BridgeExists)
        {
            say($"Removing the bridge {Bridge}, which was left over.");
            await Tool.RunAsync("ip", ["link", "delete", Bridge], cancellationToken);
        }

        await firewall.RemoveAsync(say, cancellationToken);
    }

    /// <summary>What is still there, in words.</summary>
    public async Task<IReadOnlyList<string>> FindAsync(CancellationToken cancellationToken) =>
    [
        .. OurProcesses().Select(pid => $"process {pid} ({ProcessTable.Name(pid)})"),
        .. OurMounts().Select(mount => $"mount {mount}"),
        .. BridgeExists ? [$"bridge {Bridge}"] : Array.Empty<string>(),
        .. (await firewall.FindAsync(cancellationToken)).Select(chain => $"firewall chain {chain}"),
    ];

    /// <summary>Mounts below the state directory, the innermost first.</summary>
    internal static IReadOnlyList<string> MountsBelow(string directory, IEnumerable<string> mountTable) =>
        [.. mountTable
            .Select(line => line.Split(' '))
            .Where(fields => fields.Length > 4)
            .Select(fields => Unescape(fields[4]))
            .Where(mount => mount.StartsWith(directory + "/", StringComparison.Ordinal))
            .Reverse()];

    private static string Unescape(string path) => path.Replace(@"\040", " ").Replace(@"\011", "\t").Replace(@"\134", @"\");

    private static bool IsMonitor(string commandLine) => commandLine.StartsWith("[lxc monitor]", StringComparison.Ordinal);

    private static bool IsEmulator(string commandLine) => Path.GetFileName(commandLine.Split(' ')[0]).StartsWith("qemu-system-", StringComparison.Ordinal);

    private IReadOnlyList<string> OurMounts() => MountsBelow(state.Root, File.ReadAllLines("/proc/self/mountinfo"));

    /// <summary>Only programs that we start: an editor that a person opened on a file in here is theirs.</summary>
    private IReadOnlyList<int> OurProcesses() =>
        [.. ProcessTable.All().Where(pid => pid != Environment.ProcessId && IsOurs(ProcessTable.CommandLine(pid), pid))];

    private bool IsOurs(string commandLine, int pid)
    {
        var program = Path.GetFileName(commandLine.Split(' ')[0]);
        return program switch
        {
            "incusd" => InEnvironment(pid, "INCUS_DIR=" + state.Incus) || commandLine.Contains(state.Root + "/", StringComparison.Ordinal),
            "dnsmasq" or "caddy" => commandLine.Contains(state.Root + "/", StringComparison.Ordinal),
            "dotnet" => commandLine.Contains("Tidepool.", StringComparison.Ordinal) && (commandLine + " ").Contains($"--state {state.Root} ", StringComparison.Ordinal),
            _ => (IsMonitor(commandLine) || IsEmulator(commandLine)) && commandLine.Contains(state.Root + "/", StringComparison.Ordinal),
        };
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
