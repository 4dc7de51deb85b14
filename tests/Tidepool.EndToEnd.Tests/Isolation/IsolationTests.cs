using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests.Isolation;

/// <summary>
/// The proof of docs/security.md: from inside a real workspace everything is tried that is forbidden, and everything that is
/// allowed, around a Tidepool of its own that listens on every address and whose workspaces reach a made-up internet.
/// </summary>
/// <param name="runtime">In which the workspaces are.</param>
/// <param name="bridge">Where the settings name the bridge.</param>
[Collection(WholeTidepool.Name)]
public abstract class IsolationTests(string runtime, params string[] bridge) : IAsyncLifetime
{
    private const string StrangeHardware = "02deadbeef01";

    /// <summary>Of those that a bridge keeps to itself, whatever its rules say (IEEE 802.1Q, table 8-1): of LLDP's.</summary>
    private const string LinkLocalHardware = "0180c200000e";
    private const int UnregisteredPort = 3000;
    private static readonly TimeSpan ListenTime = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan StealTime = TimeSpan.FromSeconds(2);
    private readonly OutsideWorld world = new();
    private readonly TcpListener service = new(IPAddress.Any, 0);
    private readonly UdpClient datagrams = new(new IPEndPoint(IPAddress.Any, 0));
    private readonly UdpClient hiddenDatagrams = new(new IPEndPoint(IPAddress.Any, 0));
    private readonly Dictionary<string, List<bool>> seen = [];
    private IWorkspaceShell inside = null!;
    private IWorkspaceShell neighbour = null!;
    private Place own = null!;
    private Place other = null!;
    private string gateway = "";
    private bool made;

    /// <summary>Listens on every address, and its workspaces reach a made-up internet.</summary>
    protected RunningTidepool Tidepool { get; } = new() { ReachesInternet = true, Listen = "0.0.0.0", Runtime = runtime };

    /// <summary>Whether addresses are asked for, or given by the firmware.</summary>
    protected virtual bool HasDhcp => true;

    private protected abstract Task<IWorkspaceShell> OpenShellAsync(string workspace);

    /// <summary>Kills what carries the workspaces, and waits until it is back.</summary>
    protected abstract Task KillRuntimeAsync();

    public virtual async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Namespaces need Linux and root.");
        Assert.SkipWhen(OutsideWorld.WhyNot() is not null, OutsideWorld.WhyNot() ?? "");
        made = true;
        await world.MakeAsync();
        service.Start();
        await Tidepool.InitializeAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        inside?.Dispose();
        neighbour?.Dispose();
        service.Dispose();
        datagrams.Dispose();
        hiddenDatagrams.Dispose();
        if (made)
        {
            await Tidepool.DisposeAsync();
            await world.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_workspace_reaches_the_internet_and_nothing_else_whatever_happens_to_the_rules()
    {
        await Tidepool.CreateAsync("inside");
        await Tidepool.CreateAsync("neighbour");
        await Tidepool.UntilAsync("inside", WorkspaceStatus.Running);
        await Tidepool.UntilAsync("neighbour", WorkspaceStatus.Running);
        await PrepareAsync();
        await TryAllAsync();

        await KillRuntimeAsync();
        await Until.TrueAsync("the workspace answers", async () => (await inside.RunAsync("true")).ExitCode == 0);
        await TryAllAsync();

        // All rules go, the runtime's and ours; ours alone come back.
        await OutsideWorld.ShellAsync("nft flush ruleset");
        await RulesAreInForceAsync();
        await TryAllAsync();

        await Tidepool.Api.StopAsync("inside");
        await Tidepool.UntilAsync("inside", WorkspaceStatus.Stopped);
        await Tidepool.Api.StartAsync("inside");
        await Tidepool.UntilAsync("inside", WorkspaceStatus.Running);
        await PrepareAsync();
        await TryAllAsync();

        var reached = await world.ReachedAsync();
        var probes = Probes();
        TestContext.Current.TestOutputHelper?.WriteLine(Table(probes));
        Assert.Equal([], probes.Where(probe => !seen[probe.Name].TrueForAll(worked => worked == probe.Allowed)).Select(probe => probe.Name));
        Assert.All(reached.Where(r => r.Key is not (OutsideWorld.Internet or OutsideWorld.NameServer)), r => Assert.True(r.Value == 0, $"{r.Value} packets reached {r.Key}."));
        Assert.True(reached[OutsideWorld.Internet] > 0);
        await DocumentedAsync(probes);
    }

    private IReadOnlyList<Probe> Probes()
    {
        var port = ((IPEndPoint)service.LocalEndpoint).Port;
        IReadOnlyList<Probe> all =
        [
            new("The internet", "HTTP to a host on the internet, under this machine's address", true, ["http", $"http://{OutsideWorld.Internet}/", $"asked from {OutsideWorld.Uplink}"]),
            new("The internet", "Ping of a host on the internet", true, ["ping", OutsideWorld.Internet]),
            new("The internet", "A public name", true, ["resolve", "public.example"]),
            new("The bridge", "An address by DHCP", true, ["dhcp"]),
            new("The bridge", "An address by DHCP, for a hardware address of its own choice", false, ["dhcp_as", own.Mac, StrangeHardware]),
            new("The bridge", "An address by DHCP, for the other workspace's hardware address", false, ["dhcp_as", own.Mac, other.Mac]),
            new("The bridge", "Where the bridge's own address is, by ARP", true, ["answers_arp", own.Mac, own.Address, gateway]),

            new("This machine", "The proxy at the bridge's address", false, ["tcp", gateway, $"{Tidepool.ApiPort}"]),
            new("This machine", "The workspaces' port at the bridge's address", false, ["tcp", gateway, $"{Tidepool.WorkspacePort}"]),
            new("This machine", "A service on all addresses, at the bridge's", false, ["tcp", gateway, $"{port}"]),
            new("This machine", "A service on all addresses, at the uplink's", false, ["tcp", OutsideWorld.Uplink, $"{port}"]),
            new("This machine", "A service on all addresses, at the LAN's", false, ["tcp", OutsideWorld.OnLan, $"{port}"]),
            new("This machine", "The proxy at the LAN's address", false, ["tcp", OutsideWorld.OnLan, $"{Tidepool.ApiPort}"]),
            new("This machine", "SSH at the bridge's address", false, ["tcp", gateway, "22"]),
            new("This machine", "Ping of the bridge's address", false, ["ping", gateway]),
            new("This machine", "Ping of the LAN's address", false, ["ping", OutsideWorld.OnLan]),
            new("This machine", "Names, asked at the uplink's address", false, ["tcp", OutsideWorld.Uplink, "53"]),
            new("This machine", "IPv6 to the bridge's link-local address", false, ["tcp6", BridgeLinkLocal() + "%eth0", $"{port}"]),
            new("This machine", "Where the machine's LAN address is, by ARP", false, ["answers_arp", own.Mac, own.Address, OutsideWorld.OnLan]),

            new("This machine", "Ping of the bridge's address, in a link-local frame", false, ["ping_in_frame", LinkLocalHardware, own.Mac, own.Address, gateway]),
            new("This machine", "Ping of the LAN's address, in a link-local frame", false, ["ping_in_frame", LinkLocalHardware, own.Mac, own.Address, OutsideWorld.OnLan]),
            new("This machine", "Where the machine's LAN address is, by ARP in a link-local frame", false, ["answers_arp", own.Mac, own.Address, OutsideWorld.OnLan, LinkLocalHardware]),

            new("The networks around", "HTTP to a host on the LAN", false, ["tcp", OutsideWorld.LanHost, "80"]),
            new("The networks around", "Ping of a host on the LAN", false, ["ping", OutsideWorld.LanHost]),
            new("The networks around", "A neighbour on the uplink whose number is public", false, ["tcp", OutsideWorld.UplinkNeighbour, "80"]),
            new("The networks around", "The router of the uplink", false, ["tcp", "198.51.100.1", "80"]),
            new("The networks around", "The metadata server", false, ["tcp", OutsideWorld.Metadata, "80"]),
            new("The networks around", "A private network behind the uplink", false, ["tcp", OutsideWorld.PrivateFar, "80"]),
            new("The networks around", "Shared address space", false, ["tcp", OutsideWorld.Shared, "80"]),

            new("Another workspace", "Its editor", false, ["tcp", other.Address, "8080"]),
            new("Another workspace", "Ping", false, ["ping", other.Address]),
            new("Another workspace", "Where it is, by ARP", false, ["answers_arp", own.Mac, own.Address, other.Address]),
            new("Another workspace", "Its name", false, ["resolve", "neighbour"]),
            new("Another workspace", "Its name in the bridge's domain", false, ["resolve", "neighbour.incus"]),
            new("Another workspace", "Whose its address is", false, ["reverse", other.Address]),
            new("Another workspace", "IPv6 to its link-local address", false, ["tcp6", LinkLocal(other.Mac) + "%eth0", "8080"]),

            new("Another workspace", "The owner's requests to it, drawn over by link-local frames from its hardware address", false, []),

            new("Names", "A public name that leads to the LAN", false, ["resolve", "rebind.example"]),
            new("Names", "A public name that leads to loopback", false, ["resolve", "local.example"]),
            new("Names", "Which resolvers this machine asks (CHAOS TXT servers.bind)", false, ["chaos", gateway, "servers.bind"]),
            new("Names", "Which resolver this machine runs (CHAOS TXT version.bind)", false, ["chaos", gateway, "version.bind"]),

            new("This machine's disk", "A btrfs subvolume, which has no limit", false, ["subvolume"]),

            Frame("An Ethernet frame straight to it", mark => Frames.Udp(other.Mac, own.Mac, own.Address, other.Address, 4000, 4001, mark)),
            Frame("A broadcast", mark => Frames.Udp("ffffffffffff", own.Mac, own.Address, "255.255.255.255", 4000, 4001, mark)),
            Frame("A multicast", mark => Frames.Udp("01005e000001", own.Mac, own.Address, "224.0.0.1", 4000, 4001, mark)),
            Frame("A DHCP offer", mark => Frames.DhcpOffer(own.Mac, gateway, mark)),
            Frame("A router advertisement", mark => Frames.RouterAdvertisement(own.Mac, mark)),
            Frame("An ARP answer that claims the gateway's address", mark => Frames.ArpClaim(own.Mac, other.Mac, gateway, other.Address, mark)),
            Frame("An ARP question to everybody", mark => Frames.ArpQuestion(own.Mac, own.Address, other.Address, mark)),
            Frame("A frame in a VLAN", mark => Frames.Tagged(other.Mac, own.Mac, mark)),
            Frame("A frame from a hardware address of its own choice", mark => Frames.Udp(other.Mac, StrangeHardware, own.Address, other.Address, 4000, 4001, mark)),

            new("Spoofing", "HTTP from an address of its own choice", false, []),
            new("Spoofing", "HTTP from the other workspace's address", false, []),
            new("Spoofing", "HTTP from a hardware address of its own choice", false, []),
            new("Spoofing", "An ARP answer that claims the other workspace's address, to this machine", false, []),
            new("Spoofing", "A datagram to this machine", false, ["udp", gateway, $"{((IPEndPoint)datagrams.Client.LocalEndPoint!).Port}", "datagram"]),

            new("Spoofing", "A datagram from the other workspace's address to this machine, in a link-local frame", false, ["frame", Frames.Udp(LinkLocalHardware, own.Mac, other.Address, gateway, 4000, ((IPEndPoint)hiddenDatagrams.Client.LocalEndPoint!).Port, "hidden")]),

            new("From outside", "The editor, through the proxy", true, []),
            new("From outside", "A port that is not registered, from this machine", false, []),
            new("From outside", "The editor, from a host on the LAN that routes here", false, []),
            new("From outside", "A port, from a host on the LAN that routes here", false, []),
            new("From outside", "The editor, from a host on the internet that routes here", false, []),
        ];
        return [.. all.Where(probe => HasDhcp || probe.Arguments is not ["dhcp" or "dhcp_as", ..])];
    }

    private static Probe Frame(string name, Func<string, string> render)
    {
        var mark = "mark-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16];
        return new Probe("Another workspace", name, false, ["frame", render(mark)]) { Mark = mark };
    }

    private async Task TryAllAsync()
    {
        var probes = Probes();
        var marks = probes.Select(p => p.Mark).OfType<string>().ToList();
        await neighbour.WriteAsync("/root/listen.json", JsonSerializer.Serialize(new[] { new[] { "heard", "listen", $"{ListenTime.TotalSeconds}" }.Concat(marks.Select(Frames.Hex)) }));
        await neighbour.StartAsync("python3 /root/prober.py /root/listen.json > /root/heard.new; mv /root/heard.new /root/heard.json");
        await inside.WriteAsync("/root/probes.json", JsonSerializer.Serialize(probes.Where(p => p.Arguments.Count > 0).Select(p => p.Arguments.Prepend(p.Name))));
        var run = await inside.RunAsync("python3 /root/prober.py /root/probes.json");
        Assert.True(run.ExitCode == 0, run.Error);
        var results = JsonSerializer.Deserialize<Dictionary<string, bool>>(run.Output)!;
        results["A datagram to this machine"] = datagrams.Available > 0;
        results["A datagram from the other workspace's address to this machine, in a link-local frame"] = hiddenDatagrams.Available > 0;
        await SpoofAsync(results);
        await StealAsync(results);
        await FromOutsideAsync(results);

        var heard = await Until.ValueAsync("the neighbour has listened to the end", async () => (await neighbour.RunAsync("cat /root/heard.json && rm /root/heard.json")) is { ExitCode: 0 } done ? done.Output : null);
        foreach (var probe in probes.Where(p => p.Mark is not null))
        {
            results[probe.Name] = heard.Contains(Frames.Hex(probe.Mark!), StringComparison.Ordinal);
        }

        foreach (var probe in probes)
        {
            if (!seen.TryGetValue(probe.Name, out var list))
            {
                seen[probe.Name] = list = [];
            }

            list.Add(results[probe.Name]);
        }
    }

    private async Task SpoofAsync(Dictionary<string, bool> results)
    {
        var url = $"http://{OutsideWorld.Internet}/";
        var strange = Neighbouring(own.Address, other.Address);
        results["HTTP from an address of its own choice"] = await FromAsync(strange, url);
        results["HTTP from the other workspace's address"] = await FromAsync(other.Address, url);
        await inside.RunAsync($"python3 - <<'END'\nimport socket\ns = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\ns.bind(('eth0', 0))\nfor _ in range(3): s.send(bytes.fromhex('{Frames.ArpClaim(own.Mac, BridgeMac(), other.Address, gateway, "claim")}'))\nEND");
        var known = await OutsideWorld.ShellAsync($"ip neighbour show {other.Address} dev {BridgeName()}");
        results["An ARP answer that claims the other workspace's address, to this machine"] = known.Contains(Colons(own.Mac), StringComparison.OrdinalIgnoreCase);

        var disguised = await inside.RunAsync(
            $"gateway=$(ip route show default | cut -d' ' -f3); ip link set dev eth0 address {Colons(StrangeHardware)}; curl --silent --max-time 2 {url} >/dev/null; code=$?; "
            + $"ip link set dev eth0 address {Colons(own.Mac)}; ip route replace default via $gateway dev eth0; exit $code");
        results["HTTP from a hardware address of its own choice"] = disguised.ExitCode == 0;
    }

    /// <summary>What a workspace can do with the neighbour's hardware address while the owner uses the neighbour.</summary>
    private async Task StealAsync(Dictionary<string, bool> results)
    {
        const string stolen = "stolen";
        await inside.WriteAsync("/root/steal.json", JsonSerializer.Serialize(new[] { new[] { stolen, "steal", other.Mac, $"{StealTime.TotalSeconds}" } }));
        var thief = inside.RunAsync("python3 /root/prober.py /root/steal.json");
        while (!thief.IsCompleted)
        {
            using var answer = await Tidepool.Http.GetAsync(new Uri(Tidepool.WorkspaceUrl("neighbour") + "healthz"));
        }

        results["The owner's requests to it, drawn over by link-local frames from its hardware address"] = JsonSerializer.Deserialize<Dictionary<string, bool>>((await thief).Output)![stolen];
    }

    private async Task<bool> FromAsync(string address, string url)
    {
        var result = await inside.RunAsync($"ip address add {address}/24 dev eth0; curl --silent --max-time 2 --interface {address} {url}; code=$?; ip address delete {address}/24 dev eth0; exit $code");
        return result.ExitCode == 0;
    }

    private async Task FromOutsideAsync(Dictionary<string, bool> results)
    {
        using var answer = await Tidepool.Http.GetAsync(new Uri(Tidepool.WorkspaceUrl("inside") + "healthz"));
        results["The editor, through the proxy"] = answer.IsSuccessStatusCode;
        results["A port that is not registered, from this machine"] = await ConnectsAsync(OutsideWorld.ShellAsync, UnregisteredPort);
        await world.OnLanHostAsync($"ip route replace {own.Address}/32 via {OutsideWorld.OnLan}");
        await world.OnInternetAsync($"ip route replace {own.Address}/32 via {OutsideWorld.Uplink}");
        results["The editor, from a host on the LAN that routes here"] = await ConnectsAsync(world.OnLanHostAsync, 8080);
        results["A port, from a host on the LAN that routes here"] = await ConnectsAsync(world.OnLanHostAsync, UnregisteredPort);
        results["The editor, from a host on the internet that routes here"] = await ConnectsAsync(world.OnInternetAsync, 8080);
    }

    private async Task<bool> ConnectsAsync(Func<string, bool, Task<string>> shell, int port) =>
        (await shell($"timeout 2 bash -c \"exec 3<>/dev/tcp/{own.Address}/{port}\" 2>/dev/null && echo connected", true)).Contains("connected", StringComparison.Ordinal);

    private async Task PrepareAsync()
    {
        inside?.Dispose();
        neighbour?.Dispose();
        inside = await OpenShellAsync("inside");
        neighbour = await OpenShellAsync("neighbour");
        own = await PlaceAsync("inside", inside);
        other = await PlaceAsync("neighbour", neighbour);
        gateway = (await inside.RunAsync("ip route show default")).Output.Split(' ')[2];
        await using var stream = typeof(IsolationTests).Assembly.GetManifestResourceStream("prober.py")!;
        using var reader = new StreamReader(stream);
        var prober = await reader.ReadToEndAsync();
        await inside.WriteAsync("/root/prober.py", prober);
        await neighbour.WriteAsync("/root/prober.py", prober);
        await inside.StartAsync($"python3 -m http.server {UnregisteredPort}");
        await Until.TrueAsync("the unregistered port listens", async () => (await inside.RunAsync($"curl --silent http://127.0.0.1:{UnregisteredPort}/")).ExitCode == 0);
    }

    private async Task<Place> PlaceAsync(string name, IWorkspaceShell shell)
    {
        var hardware = (await shell.RunAsync("cat /sys/class/net/eth0/address")).Output.Trim();
        return new Place((await Tidepool.Api.GetAsync(name)).Value!.Address!, hardware.Replace(":", "", StringComparison.Ordinal));
    }

    private Task RulesAreInForceAsync() => Until.TrueAsync("the rules are in force again", async () =>
    {
        var rules = await OutsideWorld.ShellAsync("nft list tables");
        return rules.Contains("inet tidepool_" + BridgeName(), StringComparison.Ordinal) && rules.Contains("bridge tidepool_" + BridgeName(), StringComparison.Ordinal) && rules.Contains("arp tidepool_" + BridgeName(), StringComparison.Ordinal);
    });

    private async Task DocumentedAsync(IReadOnlyList<Probe> probes)
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Environment.GetEnvironmentVariable("TIDEPOOL_REPOSITORY")!, "docs", "security.md"));
        Assert.All(probes, p => Assert.Contains($"| {p.Group} | {p.Name} | {Word(p.Allowed)} |\n", page, StringComparison.Ordinal));
    }

    private string Table(IReadOnlyList<Probe> probes) =>
        "| From a workspace to | Probe | Wanted | Fresh | After the runtime was killed | After all rules were flushed | After a stop and a start |\n|---|---|---|---|---|---|---|\n"
        + string.Concat(probes.Select(p => $"| {p.Group} | {p.Name} | {Word(p.Allowed)} | {string.Join(" | ", seen[p.Name].Select(Word))} |\n"));

    private static string Word(bool works) => works ? "works" : "fails";

    private string BridgeName()
    {
        using var settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(Tidepool.State, "settings.json")));
        return bridge.Aggregate(settings.RootElement, (element, name) => element.GetProperty(name)).GetString()!;
    }

    private string BridgeMac() => File.ReadAllText($"/sys/class/net/{BridgeName()}/address").Trim().Replace(":", "", StringComparison.Ordinal);

    private string BridgeLinkLocal() => LinkLocal(BridgeMac());

    /// <summary>A machine's default IPv6 address, made of its hardware address (RFC 4291, appendix A).</summary>
    private static string LinkLocal(string mac) =>
        $"fe80::{Convert.ToInt32(mac[..2], 16) ^ 2:x2}{mac[2..4]}:{mac[4..6]}ff:fe{mac[6..8]}:{mac[8..]}";

    private static string Neighbouring(string first, string second)
    {
        var network = first[..(first.LastIndexOf('.') + 1)];
        return Enumerable.Range(200, 50).Select(n => network + n).First(address => address != first && address != second);
    }

    private static string Colons(string mac) => string.Join(':', Enumerable.Range(0, 6).Select(i => mac.Substring(i * 2, 2)));

    private sealed record Place(string Address, string Mac);

    private sealed record Probe(string Group, string Name, bool Allowed, IReadOnlyList<string> Arguments)
    {
        /// <summary>The text by which the neighbour would know that it came.</summary>
        public string? Mark { get; init; }
    }
}
