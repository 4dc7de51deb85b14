using System.Net;
using System.Net.Sockets;
using Tidepool.Host.Doctor;
using Tidepool.Host.Processes;
using Tidepool.Host.Sockets;
using Tidepool.Host.State;
using Tidepool.Host.Supervision;
using Tidepool.Testing;

namespace Tidepool.Host.Tests.Doctor;

/// <summary>Each with real sockets of this process's own, in the place of another user's and of Caddy's.</summary>
public sealed class PortCheckTests : IDisposable
{
    // Linux's SOL_SOCKET and SO_REUSEPORT, by which processes of one user share a port.
    private const int SocketLevel = 1;
    private const int ReusePort = 15;
    private readonly TemporaryState state = new();
    private readonly List<Socket> sockets = [];

    public void Dispose()
    {
        sockets.ForEach(socket => socket.Dispose());
        state.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", false)]
    [InlineData("127.0.0.1", "::1", false)]
    [InlineData("127.0.0.1", "::1", true)]
    [InlineData("127.0.0.1", "::", false)]
    [InlineData("127.0.0.1", "::", true)]
    [InlineData("127.0.0.1", "0.0.0.0", false)]
    [InlineData("127.0.0.1", "::ffff:127.0.0.1", false)]
    [InlineData("0.0.0.0", "::1", false)]
    [InlineData("0.0.0.0", "127.0.0.2", false)]
    [InlineData("::", "127.0.0.1", true)]
    [InlineData("::1", "127.0.0.1", false)]
    public void A_port_that_a_program_has_at_any_address_that_a_browser_may_try_is_taken(string listen, string squatter, bool reusePort)
    {
        var port = FreePort();
        Listen(squatter, port, reusePort);

        var check = Check(listen, port);
        Assert.Equal(CheckStatus.Fail, check.Status);
        Assert.Contains($"by process {Environment.ProcessId} (", check.Detail, StringComparison.Ordinal);
        Assert.Contains(" of user ", check.Detail, StringComparison.Ordinal);
        Assert.Contains("password", check.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_at_an_address_that_Caddy_does_not_need_stands_in_no_way()
    {
        var port = FreePort();
        Listen("127.0.0.2", port, reusePort: false);
        Assert.Equal(CheckStatus.Ok, Check("127.0.0.1", port).Status);
    }

    [Fact]
    public void An_address_that_this_machine_does_not_have_is_named()
    {
        var check = Check("192.0.2.7", FreePort());
        Assert.Equal(CheckStatus.Fail, check.Status);
        Assert.Contains("no address 192.0.2.7", check.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true, CheckStatus.Ok)]
    [InlineData(true, false, CheckStatus.Fail)]
    [InlineData(false, true, CheckStatus.Fail)]
    public void A_Caddy_that_runs_has_to_have_both_loopbacks(bool ipv4, bool ipv6, object status)
    {
        var port = FreePort();
        if (ipv4)
        {
            Listen("127.0.0.1", port, reusePort: true);
        }

        if (ipv6)
        {
            Listen("::1", port, reusePort: true);
        }

        BeCaddy();
        var check = Check("127.0.0.1", port);
        Assert.Equal((CheckStatus)status, check.Status);
        Assert.True(check.Status == CheckStatus.Ok || check.Next!.Contains("tidepool down", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0", "127.0.0.1")]
    [InlineData("   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0", "::1")]
    [InlineData("   0: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0", "127.0.0.1")]
    [InlineData("   0: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0", null)]
    [InlineData("   0: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0", null)]
    [InlineData("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", null)]
    public void A_line_of_the_kernels_table_is_read(string line, string? address) =>
        Assert.Equal(address is null ? null : new PortListener(IPAddress.Parse(address), 1000, "4711"), PortListeners.Parse(line, 8080));

    private CheckResult Check(string listen, int port)
    {
        var settings = Settings.Read(state.Directory);
        (settings.Listen, settings.ApiPort) = (listen, port);
        return PortChecks.Of(state.Directory, settings).Single(check => check.Code == CheckCodes.ApiPort);
    }

    /// <summary>This process stands in Caddy's place.</summary>
    private void BeCaddy() => PidFile.Write(state.Directory.PidFile(TidepoolProcesses.Caddy), ProcessIdentity.Of(Environment.ProcessId)!.Value);

    private void Listen(string address, int port, bool reusePort)
    {
        var ip = IPAddress.Parse(address);
        var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        sockets.Add(socket);
        if (ip.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = ip.IsIPv4MappedToIPv6;
        }

        if (reusePort)
        {
            socket.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));
        }

        socket.Bind(new IPEndPoint(ip, port));
        socket.Listen();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
