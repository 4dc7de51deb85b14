using System.Net;
using System.Net.Sockets;
using System.Text;
using Tidepool.Host.Sockets;

namespace Tidepool.Host.Tests.Sockets;

public sealed class UnixHttpTests : IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("tp-unix-");
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string path;

    public UnixHttpTests()
    {
        path = Path.Combine(directory.FullName, "socket");
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
    }

    [Fact]
    public async Task Only_the_named_user_is_asked()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "The listener has to be a known user: run as root on Linux.");
        var answering = AnswerAsync();

        using var stranger = UnixHttp.Client(path, "http://localhost/", TimeSpan.FromSeconds(10), listener: 54321);
        await Assert.ThrowsAsync<HttpRequestException>(() => stranger.GetStringAsync(new Uri("x", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Equal("", await answering);

        answering = AnswerAsync();
        using var root = UnixHttp.Client(path, "http://localhost/", TimeSpan.FromSeconds(10), listener: 0);
        Assert.Equal("yes", await root.GetStringAsync(new Uri("x", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.StartsWith("GET /x ", await answering, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        var answering = AnswerAsync("307 Temporary Redirect\r\nLocation: /elsewhere");
        using var client = UnixHttp.Client(path, "http://localhost/", TimeSpan.FromSeconds(10));
        using var answer = await client.PostAsync(new Uri("load", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.TemporaryRedirect, answer.StatusCode);
        await answering;
        Assert.False(listener.Poll(0, SelectMode.SelectRead));
    }

    public void Dispose()
    {
        listener.Dispose();
        directory.Delete(recursive: true);
    }

    /// <summary>Answers one connection, and says what it was asked.</summary>
    private async Task<string> AnswerAsync(string status = "200 OK")
    {
        using var connection = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        var buffer = new byte[4096];
        var length = await connection.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
        if (length > 0)
        {
            await connection.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes"), TestContext.Current.CancellationToken);
        }

        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
