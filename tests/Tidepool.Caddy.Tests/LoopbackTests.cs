using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tidepool.Caddy.Tests;

/// <summary>A browser that is led to localhost asks Caddy, at whichever of the two addresses it tries first.</summary>
[Collection(Collection)]
public abstract class LoopbackTests : CaddyTest
{
    [Fact]
    public async Task Both_loopbacks_ask_for_the_password_on_both_ports()
    {
        Assert.SkipUnless(LoopbackAddresses.HasIPv6(), "This machine has no IPv6.");
        await ApplyAsync();
        foreach (var (port, path) in new[] { (Caddy.ApiPort, "/api/workspaces"), (Caddy.WorkspacePort, "/workspace/alice/") })
        {
            var answers = new[] { await HeadAsync(IPAddress.Loopback, port, path), await HeadAsync(IPAddress.IPv6Loopback, port, path) };
            Assert.StartsWith("HTTP/1.1 401", answers[0], StringComparison.Ordinal);
            Assert.Equal(answers[0], answers[1]);
        }
    }

    /// <summary>The status and the challenge, which is all that a browser goes by.</summary>
    private static async Task<string> HeadAsync(IPAddress address, int port, string path)
    {
        using var client = new TcpClient(address.AddressFamily);
        await client.ConnectAsync(address, port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync();
        return string.Join('\n', answer.Split("\r\n").Where((line, i) => i == 0 || line.StartsWith("Www-Authenticate:", StringComparison.OrdinalIgnoreCase)));
    }
}

public sealed class LoopbackAloneTests : LoopbackTests;

public sealed class LoopbackBesideAllIPv4Tests : LoopbackTests
{
    protected override string Listen => "0.0.0.0";
}

public sealed class LoopbackBesideAllAddressesTests : LoopbackTests
{
    protected override string Listen => "::";
}
