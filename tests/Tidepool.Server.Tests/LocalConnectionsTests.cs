using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Tidepool.Core.SignIn;
using Tidepool.Server.Security;
using Tidepool.Server.SignIn;

namespace Tidepool.Server.Tests;

/// <summary>Whose a client's end of a connection is, as the kernel says, and what follows for its session.</summary>
public sealed class LocalConnectionsTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_client_on_this_machine_is_known_by_its_user(string address)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux's kernel is asked.");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Another user can be played by root alone.");
        Assert.SkipWhen(address == "::1" && !Socket.OSSupportsIPv6, "This machine has no IPv6.");
        using var listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var mine = new TcpClient(listener.LocalEndpoint.AddressFamily);
        await mine.ConnectAsync(IPAddress.Parse(address), port, TestContext.Current.CancellationToken);
        Assert.Equal(new LocalConnections.Client.OfUser(0), await FindNextAsync(listener));

        using var other = Process.Start("setpriv", ["--reuid", "54321", "--clear-groups", "bash", "-c", $"exec 3<>/dev/tcp/{address}/{port}; read -r <&3"]);
        try
        {
            Assert.Equal(new LocalConnections.Client.OfUser(54321), await FindNextAsync(listener));
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public void A_client_elsewhere_is_distinguished_from_a_listener_with_its_number()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var server = new IPEndPoint(IPAddress.Loopback, 9);
        Assert.IsType<LocalConnections.Client.Elsewhere>(LocalConnections.Find(new IPEndPoint(IPAddress.Parse("192.0.2.1"), port), server));
        Assert.IsType<LocalConnections.Client.Elsewhere>(LocalConnections.Find(new IPEndPoint(IPAddress.Loopback, port), server));
        Assert.IsType<LocalConnections.Client.Elsewhere>(LocalConnections.Find(new IPEndPoint(IPAddress.Parse("2001:db8::1"), 9), new IPEndPoint(IPAddress.IPv6Loopback, 9)));
    }

    [Fact]
    public async Task A_client_that_has_closed_its_end_is_no_users()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux's kernel is asked.");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using var accepted = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        client.Dispose();
        Assert.IsType<LocalConnections.Client.Unknown>(LocalConnections.Find((IPEndPoint)accepted.RemoteEndPoint!, (IPEndPoint)accepted.LocalEndPoint!));
    }

    [Fact]
    public async Task Each_user_has_a_session_of_its_own_and_the_secret_decides_which()
    {
        var directory = Directory.CreateTempSubdirectory("tp-holder-");
        try
        {
            var file = Path.Combine(directory.FullName, "secret");
            var holder = new SessionHolder(new CaddySecret(file));
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            using var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
            var (here, there) = ((IPEndPoint)client.Client.LocalEndPoint!, (IPEndPoint)listener.LocalEndpoint);
            var elsewhere = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 4000);
            Assert.Null(holder.Of(here, there));

            await File.WriteAllTextAsync(file, ProxySecret.Create(), TestContext.Current.CancellationToken);
            var local = holder.Of(here, there);
            Assert.Matches("^[0-9a-f]{64}$", local);
            Assert.Equal(local, holder.Of(here, there));
            Assert.NotEqual(local, holder.Of(elsewhere, there));

            await File.WriteAllTextAsync(file, ProxySecret.Create(), TestContext.Current.CancellationToken);
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
            Assert.NotEqual(local, holder.Of(here, there));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<object> FindNextAsync(TcpListener listener)
    {
        using var accepted = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        return LocalConnections.Find((IPEndPoint)accepted.RemoteEndPoint!, (IPEndPoint)accepted.LocalEndPoint!);
    }
}
