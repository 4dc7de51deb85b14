using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using CliWrap;
using CliWrap.Buffered;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Isolation;

/// <summary>
/// Plays a guest that has taken over its QEMU: a program in that process's namespaces, as its user, without a capability. Around
/// it are the same Tidepool and the same made-up world as around the guests.
/// </summary>
/// <param name="incus">The Tidepool that all tests of this collection share: another one on the same machine, with Incus.</param>
[Collection(WholeTidepool.Name)]
[Trait("Processor", "emulated")]
public sealed class EscapedGuestTests(RunningTidepool incus) : IAsyncLifetime
{
    private const string Header = "| from a QEMU that its guest has taken over to | probe | must |\n|---|---|---|\n";
    private const string Name = "quarterly-figures";
    private const string Forwarding = "/proc/sys/net/ipv4/ip_forward";
    private readonly OutsideWorld world = new();
    private readonly TcpListener loopback = new(IPAddress.Loopback, 0);
    private readonly TcpListener everywhere = new(IPAddress.IPv6Any, 0);
    private readonly Socket hidden = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly RunningTidepool tidepool = new() { ReachesInternet = true, Listen = "0.0.0.0", Runtime = "qemu" };
    private bool made;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Namespaces need Linux and root.");
        Assert.SkipWhen(QemuImage.WhyNot() is not null, QemuImage.WhyNot() ?? "");
        Assert.SkipWhen(OutsideWorld.WhyNot() is not null, OutsideWorld.WhyNot() ?? "");
        made = true;
        await world.MakeAsync();
        await incus.CliAsync(["down"]);
        await File.WriteAllTextAsync(Forwarding, "0");
        await incus.UpAsync();
        loopback.Start();
        everywhere.Server.DualMode = true;
        everywhere.Start();
        hidden.Bind(new UnixDomainSocketEndPoint($"\0tp-hidden-{Environment.ProcessId}"));
        hidden.Listen();
        await tidepool.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        loopback.Dispose();
        everywhere.Dispose();
        hidden.Dispose();
        if (made)
        {
            await tidepool.DisposeAsync();
            await world.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_guest_that_took_over_its_QEMU_reaches_nothing_and_its_name_stays_hidden()
    {
        await tidepool.CreateAsync(Name);
        await tidepool.CreateAsync("neighbour");
        var own = await tidepool.UntilAsync(Name, WorkspaceStatus.Running);
        var other = await tidepool.UntilAsync("neighbour", WorkspaceStatus.Running);
        Assert.Equal("1", (await File.ReadAllTextAsync(Forwarding)).Trim());

        var probes = Probes(own, other);
        var names = probes.Select(probe => probe.Name).Distinct().ToList();
        var here = await TryAsync([], probes);
        Assert.Equal(names, names.Where(here.Contains));
        Assert.Equal([], await TryAsync(await EnteringAsync(own), probes));
        await DocumentedAsync([.. probes.Select(probe => $"| {probe.Group} | {probe.Name} | fails |").Distinct()]);

        var titles = await OutsideWorld.ShellAsync("setpriv --reuid=65534 --regid=65534 --clear-groups /bin/sh -c 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/comm 2>/dev/null | tr \"\\0\" \" \"'");
        Assert.True(titles.Contains("qemu-system", StringComparison.Ordinal), "The processes cannot be read at all.");
        Assert.DoesNotContain(Name, titles, StringComparison.Ordinal);

        // The machine forwards packets for as long as any Tidepool needs it, and then does what it did before.
        await tidepool.CliAsync(["down"]);
        var withIncus = (await File.ReadAllTextAsync(Forwarding)).Trim();
        await incus.CliAsync(["down"]);
        var without = (await File.ReadAllTextAsync(Forwarding)).Trim();
        await incus.UpAsync();
        Assert.Equal(("1", "0"), (withIncus, without));
    }

    private List<Probe> Probes(WorkspaceResponse own, WorkspaceResponse other)
    {
        var gateway = BridgeAddress();
        List<Probe> probes =
        [
            new("The networks around", "A host on the internet", "tcp", $"{OutsideWorld.Internet} 80"),
            new("The networks around", "A host on the LAN", "tcp", $"{OutsideWorld.LanHost} 80"),
            new("The networks around", "The metadata server", "tcp", $"{OutsideWorld.Metadata} 80"),
            new("The networks around", "A private network behind the uplink", "tcp", $"{OutsideWorld.PrivateFar} 80"),
            new("This machine", "The proxy on loopback", "tcp", $"127.0.0.1 {Text(tidepool.ApiPort)}"),
            new("This machine", "The workspaces' port on loopback", "tcp", $"127.0.0.1 {Text(tidepool.WorkspacePort)}"),
        ];
        probes.AddRange(Addresses().Select(address => new Probe("This machine", "The proxy, by every address of this machine", "tcp", $"{address} {Text(tidepool.ApiPort)}")));
        probes.AddRange(
        [
            new("This machine", "A service on loopback alone", "tcp", $"127.0.0.1 {PortOf(loopback)}"),
            new("This machine", "A service on all addresses, over IPv6's loopback", "tcp6", $"::1 {PortOf(everywhere)}"),
            new("This machine", "A service on all addresses, at the bridge's", "tcp", $"{gateway} {PortOf(everywhere)}"),
            new("This machine", "Names, at the bridge's address", "tcp", $"{gateway} 53"),
            new("This machine", "A service on an abstract socket", "unix", $"@tp-hidden-{Environment.ProcessId}"),
            new("This machine", "The server's socket", "unix", Path.Combine(tidepool.State, "run", "server", "owner.sock")),
            new("Another workspace", "Its editor", "tcp", $"{other.Address} 8080"),
            new("Another workspace", "Its QEMU's monitor", "unix", Path.Combine(tidepool.State, "qemu", "machines", InstanceOf(other), "vm", "qmp")),
            new("Its own workspace", "Its editor, past the guest", "tcp", $"{own.Address} 8080"),
        ]);
        return probes;
    }

    /// <summary>The names of what a program that is started like that reached.</summary>
    private static async Task<HashSet<string>> TryAsync(IReadOnlyList<string> prefix, IEnumerable<Probe> probes)
    {
        await using var stream = typeof(EscapedGuestTests).Assembly.GetManifestResourceStream("escaped.pl")!;
        using var reader = new StreamReader(stream);
        string[] command = [.. prefix, "/usr/bin/perl", "-e", await reader.ReadToEndAsync(), .. probes.SelectMany(probe => new[] { probe.Name, probe.Kind, probe.Place })];
        var result = await Cli.Wrap(command[0]).WithArguments(command[1..]).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync();
        Assert.True(result.IsSuccess && result.StandardError.Length == 0, result.StandardError);
        return [.. result.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    /// <summary>How to begin a program that is to QEMU's process what code of its guest's would be in it.</summary>
    private async Task<IReadOnlyList<string>> EnteringAsync(WorkspaceResponse workspace)
    {
        var pid = (await File.ReadAllTextAsync(Path.Combine(tidepool.State, "qemu", "machines", InstanceOf(workspace), "process"))).Split(' ')[0];
        var user = (await File.ReadAllLinesAsync($"/proc/{pid}/status")).Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1];
        return
        [
            "nsenter", "--target", pid, "--all", "--root", "--wd", "--",
            "setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs",
        ];
    }

    private static async Task DocumentedAsync(IReadOnlyList<string> rows)
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Environment.GetEnvironmentVariable("TIDEPOOL_REPOSITORY")!, "docs", "security.md"));
        var start = page.IndexOf(Header, StringComparison.Ordinal);
        Assert.True(start >= 0, "docs/security.md has no table of these probes.");
        Assert.Equal(rows, page[(start + Header.Length)..].Split('\n').TakeWhile(line => line.StartsWith('|')));
    }

    private static string InstanceOf(WorkspaceResponse workspace) => "ws-" + workspace.Id["ws_".Length..];

    private string BridgeAddress()
    {
        var subnet = File.ReadAllText(Path.Combine(tidepool.State, "qemu", "subnet"));
        return subnet[..subnet.IndexOf('/', StringComparison.Ordinal)];
    }

    private static IEnumerable<IPAddress> Addresses() => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(link => link.GetIPProperties().UnicastAddresses).Select(unicast => unicast.Address).Where(address => address.AddressFamily == AddressFamily.InterNetwork);

    private static string PortOf(TcpListener listener) => Text(((IPEndPoint)listener.LocalEndpoint).Port);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Probe(string Group, string Name, string Kind, string Place);
}
