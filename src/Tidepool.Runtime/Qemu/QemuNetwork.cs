using System.Globalization;
using System.Net;
using CliWrap;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Core.Network;
using Tidepool.Runtime.Boundary;

namespace Tidepool.Runtime.Qemu;

/// <summary>
/// The bridge, each machine's cable to it, and the resolver that answers there. The only part of this runtime that needs root for
/// more than entering what belongs to nobody; the worker, who runs as root, does it itself.
/// </summary>
internal sealed partial class QemuNetwork(IOptions<QemuOptions> options, ILogger<QemuNetwork> logger) : IDisposable
{
    private const string Interfaces = "/sys/class/net";
    private readonly QemuOptions names = options.Value;
    private readonly SemaphoreSlim one = new(1);
    private (IPAddress Gateway, IPNetwork Subnet)? known;
    private bool whole;

    public string Prefix { get; } = MachinePlaces.PrefixOf(options.Value.Bridge);

    private string SubnetFile => Path.Combine(names.Directory, "subnet");

    private string ResolverProcess => Path.Combine(names.Directory, "resolver");

    /// <summary>The host's own address on the bridge, and the network it is in. The same for as long as this runtime's directory lasts.</summary>
    public (IPAddress Gateway, IPNetwork Subnet) Subnet()
    {
        if (known is { } found)
        {
            return found;
        }

        var text = names.Subnet ?? (File.Exists(SubnetFile) ? File.ReadAllText(SubnetFile).Trim() : null);
        if (text is null)
        {
            text = BridgeSubnet.Choose(names.Bridge) ?? throw QemuFaults.SubnetTaken();
            File.WriteAllText(SubnetFile, text + "\n");
        }

        var parts = text.Split('/');
        var gateway = IPAddress.Parse(parts[0]);
        var length = int.Parse(parts[1], CultureInfo.InvariantCulture);
        found = (gateway, LocalNetworks.Masked(gateway, length));
        known = found;
        return found;
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
                await File.WriteAllTextAsync("/proc/sys/net/ipv4/ip_forward", "1", cancellationToken);
                await EnsureResolverAsync(cancellationToken);
            }
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>A new cable for a machine that does not run, which only its own user can plug in.</summary>
    public async Task PlugAsync(QemuMachine machine, CancellationToken cancellationToken)
    {
        await UnplugAsync(machine.Link, cancellationToken);
        await BatchAsync(
            [
                $"tuntap add dev {machine.Link} mode tap user {machine.User}",
                .. Attaching(machine.Link),
            ],
            cancellationToken);
        NoIPv6(machine.Link);
        await BatchAsync([$"link set dev {machine.Link} up"], cancellationToken);
    }

    public static async Task UnplugAsync(string link, CancellationToken cancellationToken)
    {
        if (Exists(link))
        {
            await BatchAsync([$"link delete dev {link}"], cancellationToken);
        }
    }

    /// <summary>Takes the bridge and the resolver down. The subnet stays what it is.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        try
        {
            MachineProcess.ReadAlive(ResolverProcess)?.End();
            File.Delete(ResolverProcess);
            await UnplugAsync(names.Bridge, cancellationToken);
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose() => one.Dispose();

    /// <summary>Whole at the first look of each process, for one of before may have been cut off; later only where it is gone.</summary>
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
            // An address of its own: else it is that of one of its cables, and another when that one is unplugged.
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

    private IEnumerable<string> Attaching(string link) =>
        [$"link set dev {link} master {names.Bridge}", $"link set dev {link} type bridge_slave isolated on"];

    /// <summary>
    /// Answers names and nothing else: addresses are given by the firmware. It tells none of this machine's names, nor any public
    /// name that leads to a private address.
    /// </summary>
    private async Task EnsureResolverAsync(CancellationToken cancellationToken)
    {
        if (MachineProcess.ReadAlive(ResolverProcess) is not null)
        {
            return;
        }

        const string script = """
            note=$1
            shift
            (trap '' HUP; exec setsid /bin/sh -c 'echo "$$ $(cut -d " " -f 22 /proc/$$/stat)" >"$0.new" && mv "$0.new" "$0" && exec "$@"' "$note" "$@") >/dev/null 2>&1 </dev/null &
            """;
        var program = HostTool.Find("dnsmasq") ?? throw new ToolException("dnsmasq", "dnsmasq is not installed.");
        var user = File.ReadLines("/etc/passwd").Any(line => line.StartsWith("dnsmasq:", StringComparison.Ordinal)) ? "dnsmasq" : "nobody";
        LogResolver(names.Bridge);
        await Cli.Wrap("/bin/sh")
            .WithArguments([
                "-c", script, "sh", ResolverProcess, program,
                "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", $"--user={user}",
                "--bind-interfaces", $"--interface={names.Bridge}", "--except-interface=lo",
                "--no-hosts", "--stop-dns-rebind", "--bogus-priv", "--domain-needed",
                $"--log-facility={Path.Combine(names.Directory, "resolver.log")}",
            ])
            .ExecuteAsync(cancellationToken);
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
        await HostTool.RunAsync("ip", ["-batch", "-"], cancellationToken, string.Join('\n', lines) + "\n");

    [LoggerMessage(Level = LogLevel.Information, Message = "The bridge {Bridge} is put up with {Gateway}.")]
    private partial void LogBridge(string bridge, IPAddress gateway);

    [LoggerMessage(Level = LogLevel.Information, Message = "The resolver on {Bridge} is started.")]
    private partial void LogResolver(string bridge);
}
