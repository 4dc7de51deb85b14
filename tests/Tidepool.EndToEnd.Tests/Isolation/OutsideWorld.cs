using System.Globalization;
using System.Text.RegularExpressions;
using CliWrap;
using CliWrap.Buffered;

namespace Tidepool.EndToEnd.Tests.Isolation;

/// <summary>
/// A world around this machine, made of network namespaces: an uplink with the internet behind it, and a LAN. Each of its hosts
/// answers HTTP on port 80 with the address it was asked from, and counts what reaches it. Nothing of it is outside this machine.
/// </summary>
internal sealed partial class OutsideWorld : IAsyncDisposable
{
    /// <summary>
    /// A public host on the internet. Its network is no longer in use (RFC 7526). The networks reserved for documentation do not
    /// serve, because resolvers take them for private ones.
    /// </summary>
    public const string Internet = "192.88.99.10";

    /// <summary>Where names are resolved, on the internet.</summary>
    public const string NameServer = "192.88.99.53";

    /// <summary>This machine's own addresses.</summary>
    public const string Uplink = "198.51.100.2";

    public const string OnLan = "192.168.77.1";

    public const string LanHost = "192.168.77.10";

    /// <summary>A neighbour on the uplink: public by its number, and on this machine's own network.</summary>
    public const string UplinkNeighbour = "198.51.100.7";

    public const string Metadata = "169.254.169.254";

    /// <summary>A private network behind the uplink.</summary>
    public const string PrivateFar = "10.200.0.10";

    public const string Shared = "100.64.0.10";

    private static readonly string[] BehindUplink = [Internet, NameServer, UplinkNeighbour, Metadata, PrivateFar, Shared];
    private readonly List<CommandTask<BufferedCommandResult>> running = [];
    private readonly CancellationTokenSource ending = new();
    private readonly string folder = Directory.CreateTempSubdirectory("tp-world-").FullName;
    private int internet;
    private int lan;

    /// <summary>Why it cannot be made here; null if it can.</summary>
    public static string? WhyNot()
    {
        var interfaces = Directory.Exists("/sys/class/net") ? Directory.GetFileSystemEntries("/sys/class/net").Select(Path.GetFileName).ToList() : [];
        return interfaces.Any(name => name is not ("lo" or null) && !IsHarmless(name))
            ? "This network namespace has a way out, and no probe is to take it: run ./test, which makes one without."
            : Environment.GetEnvironmentVariable("TIDEPOOL_TEST_CADDY") is null ? "No Caddy to play the hosts with: run ./test." : null;
    }

    public async Task MakeAsync()
    {
        internet = await NamespaceAsync();
        lan = await NamespaceAsync();
        await ConnectAsync("tpuplink", Uplink + "/24", internet, "198.51.100.1/24");
        await ConnectAsync("tplan", OnLan + "/24", lan, LanHost + "/24");
        await ShellAsync("ip route add default via 198.51.100.1");
        foreach (var address in BehindUplink)
        {
            await InsideAsync(internet, $"ip address add {address}/32 dev eth0");
        }

        // Every host answers this machine directly, and no other is on the way.
        await InsideAsync(lan, $"ip route add default via {OnLan}");
        await CountAsync(internet, BehindUplink);
        await CountAsync(lan, [LanHost]);
        Serve(internet);
        Serve(lan);
        await ResolveAsync();
    }

    /// <summary>How many packets reached each host since the world was made.</summary>
    public async Task<IReadOnlyDictionary<string, int>> ReachedAsync()
    {
        var all = await InsideAsync(internet, "nft list table ip seen") + await InsideAsync(lan, "nft list table ip seen");
        return Seen().Matches(all).ToDictionary(m => m.Groups[1].Value, m => int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>Runs a command on the host of the internet or of the LAN.</summary>
    public Task<string> OnInternetAsync(string command, bool mayFail = false) => InsideAsync(internet, command, mayFail);

    public Task<string> OnLanHostAsync(string command, bool mayFail = false) => InsideAsync(lan, command, mayFail);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        foreach (var task in running)
        {
            try
            {
                await task;
            }
            catch (OperationCanceledException)
            {
                // As asked.
            }
        }

        ending.Dispose();
        await ShellAsync("umount /etc/resolv.conf; ip link delete tpuplink; ip link delete tplan", mayFail: true);
        Directory.Delete(folder, recursive: true);
    }

    public static async Task<string> ShellAsync(string command, bool mayFail = false)
    {
        var result = await Cli.Wrap("/bin/sh").WithArguments(["-c", command]).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync();
        Assert.True(mayFail || result.IsSuccess, $"{command}: {result.StandardError}");
        return result.StandardOutput;
    }

    /// <summary>Of former tests' bridges and what the kernel makes by itself.</summary>
    private static bool IsHarmless(string name) => name.StartsWith("tp", StringComparison.Ordinal) || name.StartsWith("tw", StringComparison.Ordinal) || name.StartsWith("ifb", StringComparison.Ordinal) || name is "bonding_masters";

    private static Task<string> InsideAsync(int space, string command, bool mayFail = false) =>
        ShellAsync($"nsenter --target {space} --net -- sh -c '{command.Replace("'", @"'\''", StringComparison.Ordinal)}'", mayFail);

    /// <summary>A namespace lives as long as a process in it; this one ends with the tests at the latest.</summary>
    private async Task<int> NamespaceAsync()
    {
        var task = Cli.Wrap("unshare").WithArguments(["--net", "sleep", "900"]).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(ending.Token);
        running.Add(task);
        await Until.TrueAsync("the namespace is there", async () =>
            await ShellAsync($"readlink /proc/{task.ProcessId}/ns/net", mayFail: true) is { Length: > 0 } own && own != await ShellAsync("readlink /proc/self/ns/net"));
        await InsideAsync(task.ProcessId, "ip link set lo up");
        return task.ProcessId;
    }

    private static async Task ConnectAsync(string link, string address, int space, string peerAddress)
    {
        await ShellAsync($"ip link add {link} type veth peer name eth0 netns {space} && ip address add {address} dev {link} && ip link set {link} up");
        await InsideAsync(space, $"ip address add {peerAddress} dev eth0; ip link set eth0 up");
    }

    private static async Task CountAsync(int space, IEnumerable<string> addresses)
    {
        var rules = string.Join(' ', addresses.Select(a => $"ip daddr {a} counter;"));
        await InsideAsync(space, $"nft \"table ip seen {{ chain seen {{ type filter hook prerouting priority raw; {rules} }}; }}\"");
    }

    private void Serve(int space)
    {
        var config = Path.Combine(folder, $"{space}.json");
        File.WriteAllText(config, """
            {"admin":{"disabled":true},"apps":{"http":{"servers":{"all":{"listen":[":80"],"automatic_https":{"disable":true},
            "routes":[{"handle":[{"handler":"static_response","body":"asked from {http.request.remote.host}\n"}]}]}}}}}
            """);
        Begin(["--target", $"{space}", "--net", "--", Environment.GetEnvironmentVariable("TIDEPOOL_TEST_CADDY")!, "run", "--config", config]);
    }

    /// <summary>A name server that knows a public name, and one that leads to the LAN, as an attacker's would.</summary>
    private async Task ResolveAsync()
    {
        Begin(
        [
            "--target", $"{internet}", "--net", "--", "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--user=root",
            $"--listen-address={NameServer}", "--bind-interfaces", $"--address=/public.example/{Internet}", $"--address=/rebind.example/{LanHost}", "--address=/local.example/127.0.0.1",
        ]);
        var file = Path.Combine(folder, "resolv.conf");
        await File.WriteAllTextAsync(file, $"nameserver {NameServer}\n");
        await ShellAsync($"mount --bind {file} /etc/resolv.conf");
    }

    private void Begin(IReadOnlyList<string> arguments) =>
        running.Add(Cli.Wrap("nsenter").WithArguments(arguments).WithEnvironmentVariables(e => e.Set("HOME", folder)).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(ending.Token));

    [GeneratedRegex(@"ip daddr (\S+) counter packets (\d+)")]
    private static partial Regex Seen();
}
