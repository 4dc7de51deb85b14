using Tidepool.Host.Runtimes;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Incus;

/// <summary>What an Incus that was killed leaves: its monitors and emulators, mounts, links, firewall chains.</summary>
internal sealed class IncusLeftovers : RuntimeLeftovers
{
    public override string MountPoint(StateDirectory state) => Incusd.ViewOf(state);

    public override bool IsMachine(string commandLine) =>
        commandLine.StartsWith("[lxc monitor]", StringComparison.Ordinal)
        || Path.GetFileName(commandLine.Split(' ')[0]).StartsWith("qemu-system-", StringComparison.Ordinal);

    public override bool IsDaemon(StateDirectory state, int pid, string program, bool namesOurs) =>
        program == Incusd.Process && (namesOurs || InEnvironment(pid, "INCUS_DIR=" + Incusd.ViewOf(state)));

    /// <summary>The host's ends of network links whose machine never came to run.</summary>
    public override IEnumerable<string> Links(StateDirectory state)
    {
        var run = state.At(IncusDescriptor.Word, "run");
        return Directory.Exists(run)
            ? [.. Directory.EnumerateFiles(run, "lxc.conf", SearchOption.AllDirectories)
                .SelectMany(File.ReadLines)
                .Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries))
                .Where(parts => parts.Length == 2 && parts[0].StartsWith("lxc.net.", StringComparison.Ordinal) && parts[0].EndsWith(".link", StringComparison.Ordinal))
                .Select(parts => parts[1])
                .Where(link => (link.StartsWith("veth", StringComparison.Ordinal) || link.StartsWith("tw", StringComparison.Ordinal)) && Directory.Exists("/sys/class/net/" + link))]
            : [];
    }

    public override async Task<IReadOnlyList<string>> FindRulesAsync(StateDirectory state, string bridge, CancellationToken cancellationToken) =>
        [.. (await new IncusFirewallChains(bridge, state).FindAsync(cancellationToken)).Select(chain => $"firewall chain {chain}")];

    public override Task RemoveRulesAsync(StateDirectory state, string bridge, Action<string> say, CancellationToken cancellationToken) =>
        new IncusFirewallChains(bridge, state).RemoveAsync(say, cancellationToken);

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
