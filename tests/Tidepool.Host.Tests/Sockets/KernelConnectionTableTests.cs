using System.Net;
using System.Net.Sockets;
using Tidepool.Host.Sockets;

namespace Tidepool.Host.Tests.Sockets;

public sealed class KernelConnectionTableTests
{
    [Fact]
    public async Task A_connection_is_seen_while_it_is_open_and_only_where_it_leads()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads Linux's own table.");
        var address = IPAddress.Parse("127.88.7.6");
        using var listener = new TcpListener(address, 0);
        listener.Start();
        var table = new KernelConnectionTable();
        var remotes = new HashSet<IPAddress> { address };
        Assert.Empty(table.Read(remotes));

        using (var client = new TcpClient(AddressFamily.InterNetwork))
        {
            await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
            var open = Assert.Single(table.Read(remotes));
            Assert.Equal(listener.LocalEndpoint, open.Remote);
            Assert.Equal(((IPEndPoint)client.Client.LocalEndPoint!).Port, open.LocalPort);
            Assert.Empty(table.Read(new HashSet<IPAddress> { IPAddress.Parse("127.88.7.7") }));
            Assert.Empty(table.Read(new HashSet<IPAddress>()));
        }

        Assert.Empty(table.Read(remotes));
    }
}
