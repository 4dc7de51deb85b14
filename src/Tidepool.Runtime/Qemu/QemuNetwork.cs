using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CliWrap;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Core.Network;
using Tidepool.Host.Files;
using Tidepool.Host.Processes;
using Tidepool.Host.State;
using Tidepool.Runtime.Boundary;

namespace Tidepool.Runtime.Qemu;

/// <summary>
/// The bridge, the machines' links on it, and the resolver that answers there. The worker, which runs as root, makes them itself:
/// everywhere else this runtime needs root only to enter a machine user's files.
/// </summary>
internal sealed partial class QemuNetwork(QemuDirectory directory, MachineFiles files, IOptions<QemuOptions> options, TimeProvider time, ILogger<QemuNetwork> logger) : IDisposable
{
    private const string Interfaces = "/sys/class/net";

    /// <summary>How many names may be asked for at once: one workspace whose questions stay without an answer does not take the room of all.</summary>
    private const int MostQuestions = 20_000;
    private const string Forwarding = "/proc/sys/net/ipv4/ip_forward";
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);
    private readonly QemuOptions names = options.Value;
    private readonly SemaphoreSlim one = new(1);
    private (IPAddress Gateway, IPNetwork Subnet)? known;
    private bool whole;

    public string Prefix { get; } = NetworkNames.LinkPrefixOf(options.Value.Bridge);

    private string SubnetFile => Path.Combine(names.Directory, "subnet");

    private string ResolverProcess => Path.Combine(names.Directory, "resolver");

    /// <summary>The host's own address on the bridge, and the network it is in. The same for as long as this runtime's directory lasts.</summary>
    public (IPAddress Gateway, IPNetwork Subnet) Subnet()
    {
        if (known is { } found)
        {
            return found;
        }

        if (names.Subnet is { } setting)
        {
            known = Parse(setting) ?? throw new FormatException("Qemu:Subnet is no address with a prefix length, such as 10.77.0.1/24.");
            return known.Value;
        }

        if (DurableFiles.FindText(SubnetFile) is not { } text || Parse(text.Trim()) is not { } kept)
        {
            directory.Confirm();
            text = BridgeSubnet.Choose(names.Bridge) ?? throw QemuFaults.SubnetTaken();
            kept = Parse(text)!.Value;

            // Machines keep the addresses that they were given, so another subnet would cut them off.
            if (files.Places().Machines.Select(machine => machine.Address).Where(address => !kept.Subnet.Contains(IPAddress.Parse(address))).ToList() is { Count: > 0 } lost)
            {
                throw QemuFaults.SubnetUnreadable(SubnetFile, string.Join(", ", lost));
            }

            DurableFiles.Write(SubnetFile, text + "\n");
        }

        known = kept;
        return kept;
    }

    public WorkspaceNetwork Describe(IEnumerable<NetworkLink> links)
    {
        var (gateway, subnet) = Subnet();
        return new WorkspaceNetwork(names.Bridge, Prefix, gateway, subnet, names.Nat, [.. links]);
    }

    /// <summary>Puts up what is missing: after a restart of the host that is all of it.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            await EnsureBridgeAsync(cancellationToken);
            if (names.Nat)
            {
                await EnsureForwardingAsync(cancellationToken);
                await EnsureResolverAsync(cancellationToken);
            }
            else
            {
                // One of a time when workspaces reached the internet still asks there for every name.
                await EndResolverAsync(cancellationToken);
            }
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>
    /// The host's end of a machine that does not run any more. The kernel removes it by itself a moment after QEMU's end; here it
    /// is gone at once.
    /// </summary>
    public static async Task UnplugAsync(string link, CancellationToken cancellationToken)
    {
        try
        {
            if (Exists(link))
            {
                await BatchAsync([$"link delete dev {link}"], cancellationToken);
            }
        }
        catch (ToolException) when (!Exists(link))
        {
            // The kernel was faster.
        }
    }

    /// <summary>Takes the bridge and the resolver down. The subnet stays what it is.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            await EndResolverAsync(cancellationToken);
            await UnplugAsync(names.Bridge, cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose() => one.Dispose();

    /// <summary>Each process sets the bridge up in full once, because an earlier process may have been cut off; later only if the bridge is gone.</summary>
    private async Task EnsureBridgeAsync(CancellationToken cancellationToken)
    {
        var isThere = Exists(names.Bridge);
        if (isThere && whole)
        {
            return;
        }

        var (gateway, subnet) = Subnet();
        LogBridge(names.Bridge, gateway);
        if (!isThere)
        {
            // An address of its own: otherwise the bridge takes that of one of its links, and changes it when that link is removed.
            await BatchAsync(
                [$"link add name {names.Bridge} address {MachinePlaces.HardwareAddressOf("hardware address of bridge " + names.Bridge)} type bridge stp_state 0 mcast_snooping 0"],
                cancellationToken);
        }

        NoIPv6(names.Bridge);
        await BatchAsync(
            [
                $"address replace {gateway}/{subnet.PrefixLength} dev {names.Bridge}",
                $"link set dev {names.Bridge} up",
                .. Directory.EnumerateDirectories(Interfaces, Prefix + "*").SelectMany(link => Attaching(Path.GetFileName(link))),
            ],
            cancellationToken);
        whole = true;
    }

    private static (IPAddress Gateway, IPNetwork Subnet)? Parse(string text) =>
        text.Split('/') is [var address, var prefix] && IPAddress.TryParse(address, out var gateway) && gateway.AddressFamily == AddressFamily.InterNetwork
        && int.TryParse(prefix, NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length is > 0 and < 31
            ? (gateway, LocalNetworks.Masked(gateway, length))
            : null;

    private IEnumerable<string> Attaching(string link) =>
        [$"link set dev {link} master {names.Bridge}", $"link set dev {link} type bridge_slave isolated on"];

    /// <summary>
    /// Answers names and nothing else: addresses are given by the firmware. It answers with none of the host's names, nor with any
    /// public name that leads to a private address.
    /// </summary>
    private async Task EnsureResolverAsync(CancellationToken cancellationToken)
    {
        var command = ResolverCommand();
        if (MachineProcess.ReadAlive(ResolverProcess) is { } running)
        {
            if (MachineProcess.CommandLineOf(running).EndsWith(string.Join('\0', command) + '\0', StringComparison.Ordinal))
            {
                return;
            }

            // Started by another version of this program.
            await EndResolverAsync(cancellationToken);
        }

        // The lock is for the start alone: dnsmasq closes what it inherits. Its process is recorded before this ends, so no second dnsmasq is started.
        const string script = """
            note=$1
            shift
            exec 9>"$note.lock"
            flock 9
            if read -r pid started <"$note" && [ "$(cut -d ' ' -f 22 "/proc/$pid/stat")" = "$started" ]; then
              exit 0
            fi 2>/dev/null
            (trap '' HUP; exec setsid "$@") >/dev/null 2>&1 </dev/null 9<&- &
            echo "$! $(cut -d ' ' -f 22 "/proc/$!/stat")" >"$note.new"
            mv "$note.new" "$note"
            """;
        LogResolver(names.Bridge);
        await Cli.Wrap("/bin/sh").WithArguments(["-c", script, "sh", ResolverProcess, .. command]).ExecuteAsync(cancellationToken);
    }

    /// <summary>
    /// It answers no question about itself either (<c>--no-ident</c>, in Debian 12's and 13's dnsmasq): such an answer names the
    /// servers that it asks.
    /// </summary>
    private IReadOnlyList<string> ResolverCommand()
    {
        var program = Tool.Find("dnsmasq") ?? throw new ToolException("dnsmasq", "dnsmasq is not installed.");
        var user = File.ReadLines("/etc/passwd").Any(line => line.StartsWith("dnsmasq:", StringComparison.Ordinal)) ? "dnsmasq" : "nobody";
        return
        [
            program,
            "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", $"--user={user}",
            "--bind-interfaces", $"--interface={names.Bridge}", "--except-interface=lo",
            "--no-hosts", "--stop-dns-rebind", "--bogus-priv", "--domain-needed", "--no-ident", $"--dns-forward-max={MostQuestions}",
            $"--log-facility={Path.Combine(names.Directory, "resolver.log")}",
        ];
    }

    /// <summary>Returns once it is gone and its port is free.</summary>
    private async Task EndResolverAsync(CancellationToken cancellationToken)
    {
        while (MachineProcess.ReadAlive(ResolverProcess) is { } running)
        {
            Signals.Send(running, Signals.Kill);
            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>The command line keeps what it was before, and puts it back when Tidepool goes down.</summary>
    private static async Task EnsureForwardingAsync(CancellationToken cancellationToken)
    {
        // Written only where it differs: each write sets every interface's own setting, too.
        if ((await File.ReadAllTextAsync(Forwarding, cancellationToken)).Trim() != "1")
        {
            await File.WriteAllTextAsync(Forwarding, "1", cancellationToken);
        }
    }

    private static bool Exists(string link) => Directory.Exists(Path.Combine(Interfaces, link));

    private static void NoIPv6(string link)
    {
        var setting = $"/proc/sys/net/ipv6/conf/{link}/disable_ipv6";
        if (File.Exists(setting))
        {
            File.WriteAllText(setting, "1");
        }
    }

    private static async Task BatchAsync(IReadOnlyList<string> lines, CancellationToken cancellationToken) =>
        await Tool.ReadAsync("ip", ["-batch", "-"], cancellationToken, string.Join('\n', lines) + "\n");

    [LoggerMessage(Level = LogLevel.Information, Message = "The bridge {Bridge} is put up with {Gateway}.")]
    private partial void LogBridge(string bridge, IPAddress gateway);

    [LoggerMessage(Level = LogLevel.Information, Message = "The resolver on {Bridge} is started.")]
    private partial void LogResolver(string bridge);
}
