using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using CliWrap;
using CliWrap.Buffered;
using Microsoft.Extensions.Logging.Abstractions;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;
using Tidepool.Host.State;
using Tidepool.Runtime.Boundary;

namespace Tidepool.Runtime.Tests.Boundary;

/// <summary>The firewall rules in a real kernel. The end-to-end tests send real packets against them.</summary>
public sealed class NftablesBoundaryTests : IAsyncLifetime
{
    private const string Bridge = "tpwall0";
    private const string Uplink = "tpwallup0";
    private const int SessionPort = 8081;
    private const int Root = 0;
    private const int Another = 54321;
    private static readonly NetworkLink Link = new("twabcde01234567", PhysicalAddress.Parse("02-00-00-00-00-01"), IPAddress.Parse("10.99.0.5"));
    private static readonly WorkspaceNetwork Network = new(Bridge, "twabcde", IPAddress.Parse("10.99.0.1"), IPNetwork.Parse("10.99.0.0/24"), true, [Link]);
    private static readonly NetworkRules Rules = new(Network, [new IPEndPoint(IPAddress.Parse("10.99.0.5"), 3000)]);
    private readonly FirewallWatch watch = new(NullLogger<FirewallWatch>.Instance);
    private NftablesBoundary boundary = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root" && File.Exists("/usr/sbin/nft"), "nftables needs Linux, root and nft.");
        boundary = new NftablesBoundary(watch, proxyUser: null, workspacePort: SessionPort, TimeProvider.System);
        await RemoveAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await RemoveAsync();
        watch.Dispose();
    }

    [Fact]
    public async Task It_is_put_up_once_and_again_only_for_a_difference()
    {
        Assert.True(await boundary.ApplyAsync(Rules, Token));
        Assert.False(await boundary.ApplyAsync(Rules, Token));
        Assert.True(await boundary.ApplyAsync(Rules with { Opened = [] }, Token));
        Assert.False(await boundary.ApplyAsync(Rules with { Opened = [] }, Token));
    }

    [Fact]
    public async Task The_bridge_learns_nothing_also_after_another_program_changed_that()
    {
        await NftlessAsync($"ip link add {Bridge} type bridge");
        try
        {
            foreach (var lifetime in new[] { "30000", "1" })
            {
                await File.WriteAllTextAsync(Lifetime, lifetime, Token);
                await boundary.ApplyAsync(Rules, Token);
                Assert.Equal("0", (await File.ReadAllTextAsync(Lifetime, Token)).Trim());
            }
        }
        finally
        {
            await NftlessAsync($"ip link delete {Bridge}");
        }
    }

    private const string Lifetime = $"/sys/class/net/{Bridge}/bridge/ageing_time";

    private static Task NftlessAsync(string command) => Cli.Wrap("/bin/sh").WithArguments(["-c", command]).ExecuteAsync(Token);

    [Theory]
    [InlineData("delete table inet tidepool_tpwall0")]
    [InlineData("delete table bridge tidepool_tpwall0")]
    [InlineData("delete table arp tidepool_tpwall0")]
    [InlineData("flush chain inet tidepool_tpwall0 input")]
    [InlineData("flush set bridge tidepool_tpwall0 links")]
    [InlineData("insert rule inet tidepool_tpwall0 forward accept")]
    [InlineData("flush ruleset")]
    public async Task Every_change_to_it_is_noticed_and_undone(string tampering)
    {
        await boundary.ApplyAsync(Rules, Token);
        var before = await ListAsync();
        var heard = watch.ChangedAsync(watch.Changes, Token);
        await NftAsync(tampering);
        await heard.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.NotEqual(before, await ListAsync());

        Assert.True(await boundary.ApplyAsync(Rules, Token));
        Assert.Equal(before, await ListAsync());
    }

    /// <summary>The server asks which user has a connection's port; if it were another user by then, that user's session would count.</summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_port_from_which_a_session_came_is_no_other_users_for_a_while(string address)
    {
        using var listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var sessions = new NftablesBoundary(watch, proxyUser: null, port, TimeProvider.System);
        await sessions.ApplyAsync(Rules, Token);
        Assert.True(await ConnectsAsync(Another, 21679, address, port));
        Assert.False(await ConnectsAsync(Root, 21679, address, port));
        Assert.True(await ConnectsAsync(Another, 21679, address, port));
        Assert.True(await ConnectsAsync(Root, 21680, address, port));
        Assert.True(await ConnectsAsync(Root, 21680, address, port));

        // A connection that is never established does not count: no user keeps others from a port without the proxy's knowledge.
        var closed = new NftablesBoundary(watch, proxyUser: null, 9, TimeProvider.System);
        await closed.ApplyAsync(Rules, Token);
        Assert.False(await ConnectsAsync(Another, 21682, address, 9));
        Assert.DoesNotContain("21682", await ListAsync(), StringComparison.Ordinal);
        await sessions.ApplyAsync(Rules, Token);

        // What packets put into the sets is no difference.
        Assert.False(await sessions.ApplyAsync(Rules, Token));
        await NftAsync("add table inet tidepool_other");
        await NftAsync("delete table inet tidepool_other");
        Assert.False(await sessions.ApplyAsync(Rules, Token));
    }

    /// <summary>
    /// Connects as a user from a port, sends something and resets the connection. Without flags for the resolver: by default it
    /// refuses ::1 where IPv4 has an address besides the loopback's and IPv6 has none yet.
    /// </summary>
    private static async Task<bool> ConnectsAsync(int user, int from, string address, int port) => (await Cli.Wrap("setpriv")
        .WithArguments(["--reuid", $"{user}", "--clear-groups", "perl", "-MIO::Socket::IP", "-MSocket", "-e",
            "my $s = IO::Socket::IP->new(LocalHost => $ARGV[1], LocalPort => $ARGV[0], PeerHost => $ARGV[1], PeerPort => $ARGV[2], ReuseAddr => 1, GetAddrInfoFlags => 0) or exit 1; syswrite $s, 'x'; setsockopt $s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0); close $s;",
            $"{from}", address, $"{port}"])
        .WithValidation(CommandResultValidation.None).ExecuteBufferedAsync(Token)).IsSuccess;

    [Fact]
    public async Task The_kernel_counts_each_change_once_and_notifies_all_waiters()
    {
        var before = FirewallGeneration.Read();
        Assert.NotNull(before);
        var seen = watch.Changes;
        var waiting = Enumerable.Range(0, 3).Select(_ => watch.ChangedAsync(seen, Token)).ToList();
        await boundary.ApplyAsync(Rules, Token);

        Assert.Equal(before + 1, FirewallGeneration.Read());
        await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromMinutes(1), Token);
        await watch.ChangedAsync(seen, Token);
    }

    /// <summary>Otherwise a change between applying the rules and listing them would count as ours for ever.</summary>
    [Fact]
    public async Task A_change_right_after_the_rules_were_applied_is_undone()
    {
        await boundary.ApplyAsync(Rules, Token);
        await NftAsync("insert rule inet tidepool_tpwall0 forward accept");
        while (await boundary.ApplyAsync(Rules, Token))
        {
        }

        Assert.DoesNotContain("policy accept;\n\t\taccept", await ListAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1c0000000f0a000000000000000000000000000008000100000000070800020000000001", 7u)]
    [InlineData("1c00000002000000000000000000000000000000", null)]
    [InlineData("140000000f0a000000000000000000000000000003000100", null)]
    [InlineData("140000000f0a000000000000000000000000000008000100", null)]
    [InlineData("", null)]
    public void The_kernels_number_is_read_from_a_whole_answer_only(string answer, uint? number) =>
        Assert.Equal(number, FirewallGeneration.Parse(Convert.FromHexString(answer)));

    [Fact]
    public async Task A_restarted_worker_takes_over_the_rules_in_force()
    {
        await boundary.ApplyAsync(Rules, Token);
        var before = await ListAsync();
        await new NftablesBoundary(watch, proxyUser: null, workspacePort: SessionPort, TimeProvider.System).ApplyAsync(Rules, Token);
        Assert.Equal(before, await ListAsync());
    }

    [Theory]
    [InlineData("table ip engine { chain FORWARD { type filter hook forward priority filter; policy drop; }; }", "ip engine FORWARD", 2)]
    [InlineData("table inet firewalld { chain filter_FORWARD { type filter hook forward priority filter + 10; policy accept; reject; }; }", "inet firewalld filter_FORWARD", 2)]
    [InlineData("table inet host { chain in { type filter hook input priority filter; policy drop; }; }", "inet host in", 1)]
    public async Task A_firewall_that_drops_what_it_does_not_know_lets_the_bridge_through(string table, string chain, int rules)
    {
        await NftAsync(table);
        try
        {
            // Once for the rules, once for the other's chain.
            Assert.True(await boundary.ApplyAsync(Rules, Token));
            Assert.True(await boundary.ApplyAsync(Rules, Token));
            Assert.False(await boundary.ApplyAsync(Rules, Token));
            var listed = await NftAsync("list chain " + chain);
            Assert.Equal(rules, listed.Split("comment \"tidepool_tpwall0\"").Length - 1);
        }
        finally
        {
            await NftAsync("delete table " + string.Join(' ', chain.Split(' ')[..2]));
        }
    }

    /// <summary>The owner's own connections to Caddy are in the same table of the kernel.</summary>
    [Fact]
    public async Task One_workspace_takes_no_more_than_its_part_of_the_kernels_connections()
    {
        const int most = 4000;
        const int mostOfResolver = 3;
        using var guests = Namespace("sleep 600");
        using var internet = Namespace("""
            perl -MSocket -e 'open my $f, ">", "/proc/sys/net/core/somaxconn" or die $!; print $f "8192"; close $f;
              socket my $s, PF_INET, SOCK_STREAM, 0 or die $!; bind $s, sockaddr_in(80, INADDR_ANY) or die $!; listen $s, 8192 or die $!; sleep 600'
            """);
        try
        {
            await guests.StandardOutput.ReadLineAsync(Token);
            await internet.StandardOutput.ReadLineAsync(Token);
            await WireAsync(guests, internet);
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Parse("10.99.0.1"), 53));
            listener.Listen(64);
            await boundary.ApplyAsync(Rules, Token);

            Assert.Equal($"{mostOfResolver}", await ConnectAsync("10.99.0.5", 20, "10.99.0.1", 53));
            Assert.Equal("2", await ConnectAsync("10.99.0.6", 2, "10.99.0.1", 53));
            var greedy = int.Parse(await ConnectAsync("10.99.0.5", most + 300, "203.0.113.1", 80), System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(greedy, most - 30, most + 1);
            Assert.Equal("20", await ConnectAsync("10.99.0.6", 20, "203.0.113.1", 80));
        }
        finally
        {
            await EndAsync(guests, internet);
        }

        // How many of so many connections, kept open, came about.
        Task<string> ConnectAsync(string from, int count, string to, int port) => ShellAsync($$"""
            ulimit -n 8192
            nsenter --target {{guests.Id}} --net perl -MSocket -MIO::Poll -e '
              my ($from, $count) = @ARGV; my @all;
              for (1 .. $count) {
                socket my $s, PF_INET, SOCK_STREAM, 0 or die $!; $s->blocking(0);
                bind $s, sockaddr_in(0, inet_aton($from)); connect $s, sockaddr_in({{port}}, inet_aton("{{to}}")); push @all, $s;
              }
              my $end = time + 5;
              my $open = 0;
              while (time < $end && $open < $count) { $open = grep { getpeername $_ } @all; select undef, undef, undef, 0.1; }
              print $open' {{from}} {{count}}
            """);
    }

    [Fact]
    public async Task A_workspaces_connections_leave_under_ports_on_which_no_service_listens()
    {
        using var guests = Namespace("sleep 600");
        using var internet = Namespace("""
            perl -MSocket -e 'socket my $s, PF_INET, SOCK_STREAM, 0 or die $!; bind $s, sockaddr_in(80, INADDR_ANY) or die $!; listen $s, 64 or die $!;
              while (my $peer = accept my $c, $s) { my ($port) = sockaddr_in($peer); syswrite $c, "$port\n"; close $c }'
            """);
        try
        {
            await guests.StandardOutput.ReadLineAsync(Token);
            await internet.StandardOutput.ReadLineAsync(Token);
            await WireAsync(guests, internet);
            await boundary.ApplyAsync(Rules, Token);
            foreach (var port in new[] { 22, 443, 8080, 28081, 40000 })
            {
                var seen = await ShellAsync($$"""
                    nsenter --target {{guests.Id}} --net perl -MSocket -e '
                      socket my $s, PF_INET, SOCK_STREAM, 0 or die $!; setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1;
                      bind $s, sockaddr_in({{port}}, inet_aton("10.99.0.5")) or die $!; connect $s, sockaddr_in(80, inet_aton("203.0.113.1")) or die $!; print scalar <$s>'
                    """);
                Assert.InRange(int.Parse(seen, System.Globalization.CultureInfo.InvariantCulture), NetworkNames.FirstNatPort, 65535);
            }
        }
        finally
        {
            await EndAsync(guests, internet);
        }
    }

    private static Process Namespace(string program) => Process.Start(new ProcessStartInfo("unshare", ["--net", "sh", "-c", "echo ready; exec " + program]) { RedirectStandardOutput = true, UseShellExecute = false })!;

    /// <summary>Puts a guest with two addresses behind the bridge, and a host of the internet before it.</summary>
    private static Task<string> WireAsync(Process guests, Process internet) =>
        ShellAsync($"""
                set -e
                ip link add {Bridge} type veth peer name eth0 netns {guests.Id}
                ip address add 10.99.0.1/24 dev {Bridge}
                ip link set dev {Bridge} up
                nsenter --target {guests.Id} --net sh -c 'ip address add 10.99.0.5/24 dev eth0; ip address add 10.99.0.6/24 dev eth0; ip link set dev eth0 up; ip route add default via 10.99.0.1'
                ip link add {Uplink} type veth peer name eth0 netns {internet.Id}
                ip address add 198.51.100.2/24 dev {Uplink}
                ip link set dev {Uplink} up
                nsenter --target {internet.Id} --net sh -c 'ip address add 198.51.100.1/24 dev eth0; ip link set dev eth0 up; ip link set lo up; ip address add 203.0.113.1/32 dev lo'
                ip route add default via 198.51.100.1
                echo 1 > /proc/sys/net/ipv4/ip_forward
                """);

    private static async Task EndAsync(params Process[] namespaces)
    {
        foreach (var process in namespaces)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        await ShellAsync($"ip link delete {Bridge} 2>/dev/null; ip link delete {Uplink} 2>/dev/null; true");
    }

    private static async Task<string> ShellAsync(string script)
    {
        var result = await Cli.Wrap("bash").WithArguments(["-c", script]).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync();
        Assert.True(result.IsSuccess, result.StandardError);
        return result.StandardOutput;
    }

    [Fact]
    public async Task A_rule_that_the_kernel_refuses_is_reported_and_leaves_the_earlier_rules()
    {
        await boundary.ApplyAsync(Rules, Token);
        var before = await ListAsync();
        var wrong = Rules with { Network = Network with { Links = [Link with { Interface = "a name that is far too long for an interface" }] } };
        var fault = await Assert.ThrowsAsync<RuntimeException>(() => boundary.ApplyAsync(wrong, Token));
        Assert.Equal((RuntimeFaults.BoundaryDown, true), (fault.Code, fault.IsTransient));
        Assert.Equal(before, await ListAsync());
    }

    [Fact]
    public void The_networks_that_this_machine_is_on_are_as_forbidden_as_the_private_ones()
    {
        var script = BoundaryScript.Render(Rules, [IPNetwork.Parse("203.0.113.0/24")], proxyUser: null, SessionPort);
        Assert.Contains("203.0.113.0/24", script, StringComparison.Ordinal);
        Assert.Contains("169.254.0.0/16", script, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "meta skuid 0 accept")]
    [InlineData(994u, "meta skuid { 0, 994 } accept")]
    public void Only_root_and_the_proxys_user_begin_a_connection(uint? proxyUser, string rule) =>
        Assert.Contains(rule, BoundaryScript.Render(Rules, [], proxyUser, SessionPort), StringComparison.Ordinal);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<string> ListAsync() =>
        string.Concat(await Task.WhenAll(NetworkNames.TableFamilies.Select(family => NftAsync($"list table {family} tidepool_{Bridge}", mayFail: true))));

    private static async Task RemoveAsync()
    {
        foreach (var family in NetworkNames.TableFamilies)
        {
            await NftAsync($"delete table {family} tidepool_{Bridge}", mayFail: true);
        }
    }

    private static async Task<string> NftAsync(string command, bool mayFail = false)
    {
        var result = await Cli.Wrap("/usr/sbin/nft").WithArguments([command]).WithValidation(CommandResultValidation.None).ExecuteBufferedAsync();
        Assert.True(mayFail || result.IsSuccess, result.StandardError);
        return result.StandardOutput;
    }
}
