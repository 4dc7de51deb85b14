using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tidepool.Caddy.Tests;

/// <summary>What a client gets of an answer that a hostile program in a workspace writes byte by byte.</summary>
[Collection(Collection)]
public sealed class WorkspaceAnswerTests : CaddyTest
{
    private const string Body = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Of-Its-Own: kept\r\n\r\nbody";
    private static readonly IPAddress Mallory = IPAddress.Parse("127.77.0.4");

    /// <summary>Names of headers that act beyond the resource that brings them, in the spellings of their specifications.</summary>
    private static readonly string[] OriginWide =
    [
        "Accept-CH", "Accept-CH-Lifetime", "Activate-Storage-Access", "Ad-Auction-Signals", "Ad-Auction-Additional-Bid", "Alt-Svc",
        "Attribution-Reporting-Register-Source", "Attribution-Reporting-Register-Trigger", "Attribution-Reporting-Register-OS-Source",
        "Authentication-Control", "Authentication-Info", "Cache-Group-Invalidation", "Cache-Groups", "Clear-Site-Data", "Critical-CH",
        "Critical-Origin-Trial", "Expect-CT", "Get-Dictionary", "IdP-SignIn-Status", "NEL", "Observe-Browsing-Topics",
        "Optional-WWW-Authenticate", "Origin-Agent-Cluster", "Origin-Isolation", "Origin-Policy", "Origin-Trial", "Proxy-Authenticate",
        "Proxy-Authentication-Info", "Public-Key-Pins", "Public-Key-Pins-Report-Only", "Report-To", "Reporting-Endpoints",
        "Sec-Private-State-Token", "Sec-Session-Challenge", "Sec-Session-Registration", "Sec-Shared-Storage-Write",
        "Secure-Session-Challenge", "Secure-Session-Registration", "Secure-Session-Skipped", "Set-Cookie2", "Set-Login",
        "Shared-Storage-Write", "Strict-Transport-Security", "Use-As-Dictionary", "WWW-Authenticate", "X-Accel-Redirect",
        "X-LiteSpeed-Location", "X-Permitted-Cross-Domain-Policies", "X-Reproxy-URL", "X-Sendfile", "X-Tidepool-User",
    ];

    /// <summary>Names that speak of the answer that has them, or that a program makes up.</summary>
    private static readonly string[] OfTheAnswer =
    [
        "Access-Control-Allow-Origin", "Cache-Control", "Content-Security-Policy", "Content-Security-Policy-Report-Only", "Content-Disposition", "Cross-Origin-Embedder-Policy",
        "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Document-Policy", "ETag", "Last-Modified", "Link", "No-Vary-Search",
        "Permissions-Policy", "Referrer-Policy", "Refresh", "Server-Timing", "SourceMap", "Speculation-Rules", "Timing-Allow-Origin", "Vary",
        "X-Accel-Buffering", "X-Content-Type-Options", "X-Frame-Options", "X-Powered-By", "X-Of-Its-Own", "Grpc-Status",
    ];

    [Fact]
    public async Task A_header_that_acts_beyond_its_answer_is_dropped_however_it_is_written()
    {
        var answer = await AnswerAsync($"HTTP/1.1 200 OK\r\n{Evil(OriginWide)}X-Of-Its-Own: kept\r\nContent-Length: 4\r\n\r\nbody");
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains("X-Of-Its-Own: kept\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nbody", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(OriginWide, name => answer.Contains($"\n{name}: ", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("evil", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_WebSockets_answer_drops_it_too_and_all_cookies()
    {
        string[] dropped = [.. OriginWide, "Set-Cookie", "Service-Worker-Allowed"];
        var answer = await AnswerAsync(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n"
            + $"{Evil(dropped)}X-Of-Its-Own: kept\r\n\r\nstream",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
        Assert.StartsWith("HTTP/1.1 101", answer, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Protocol: chat\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("X-Of-Its-Own: kept\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nstream", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(dropped, name => answer.Contains($"\n{name}: ", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("evil", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_speaks_of_its_answer_alone_passes()
    {
        var answer = await AnswerAsync($"HTTP/1.1 200 OK\r\n{string.Concat(OfTheAnswer.Select(name => $"{name}: kept\r\n"))}Content-Length: 4\r\n\r\nbody");
        Assert.All(OfTheAnswer, name => Assert.Contains($"\n{name}: kept\r\n", answer, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("103 Early Hints")]
    [InlineData("102 Processing")]
    [InlineData("104 Upload Resumption Supported")]
    [InlineData("199 Whatever")]
    [InlineData("100 Continue")]
    public async Task An_informational_answer_brings_no_header_at_all(string status)
    {
        var hint = $"HTTP/1.1 {status}\r\nSet-Cookie: evil=1; Path=/\r\nset-cookie: evil=2\r\nClear-Site-Data: \"*\"\r\nX-Evil: evil\r\nLink: </evil.css>; rel=preload\r\n\r\n";
        var answer = await AnswerAsync(hint + hint + hint + Body);
        Assert.DoesNotContain("evil", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Clear-Site-Data", answer, StringComparison.OrdinalIgnoreCase);
        AssertEndsWithBody(answer, informational: 3);
    }

    [Fact]
    public async Task An_informational_answer_after_a_continue_brings_no_header_either()
    {
        const string hint = "HTTP/1.1 103 Early Hints\r\nSet-Cookie: evil=1; Path=/\r\nClear-Site-Data: \"*\"\r\n\r\n";
        var answer = await AnswerAsync("HTTP/1.1 100 Continue\r\nSet-Cookie: evil=0\r\n\r\n" + hint + Body, "Expect: 100-continue\r\nContent-Length: 0");
        Assert.DoesNotContain("evil", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Clear-Site-Data", answer, StringComparison.OrdinalIgnoreCase);
        AssertEndsWithBody(answer, informational: 2);
    }

    [Fact]
    public async Task A_client_of_the_old_protocol_gets_no_header_of_an_informational_answer()
    {
        var answer = await AnswerAsync("HTTP/1.1 103 Early Hints\r\nSet-Cookie: evil=1; Path=/\r\nClear-Site-Data: \"*\"\r\n\r\n" + Body, protocol: "HTTP/1.0");
        Assert.DoesNotContain("evil", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Clear-Site-Data", answer, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("\r\n\r\nbody", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Trailer: Set-Cookie, Clear-Site-Data\r\n")]
    [InlineData("TRAILER: set-cookie\r\ntrailer: clear-site-data\r\n")]
    public async Task Trailers_that_were_announced_are_dropped(string announced)
    {
        var answer = await AnswerAsync($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{announced}\r\n4\r\nbody\r\n0\r\nSet-Cookie: evil=1; Path=/\r\nClear-Site-Data: \"*\"\r\n\r\n", "TE: trailers");
        Assert.EndsWith("\r\n\r\n4\r\nbody\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Trailer", answer, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Caddy has no means to drop these. Browsers read no cookie and no instruction behind the body.</summary>
    [Fact]
    public async Task Trailers_that_were_not_announced_stay_behind_the_body()
    {
        var answer = await AnswerAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nSet-Cookie: evil=1; Path=/\r\n\r\n", "TE: trailers");
        var parts = answer.Split("4\r\nbody\r\n0\r\n");
        Assert.Equal(2, parts.Length);
        Assert.DoesNotContain("evil", parts[0], StringComparison.Ordinal);
        Assert.DoesNotContain("Trailer:", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_client_of_the_old_protocol_gets_no_trailers()
    {
        var answer = await AnswerAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Evil\r\n\r\n4\r\nbody\r\n0\r\nSet-Cookie: evil=1; Path=/\r\nX-Evil: evil\r\n\r\n", "TE: trailers", "HTTP/1.0");
        Assert.DoesNotContain("evil", answer, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("\r\n\r\nbody", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_of_several_cookies_is_kept_to_the_workspace()
    {
        var answer = await AnswerAsync("HTTP/1.1 200 OK\r\nset-cookie: a=1; Path=/\r\nSET-COOKIE: b=2; Domain=localhost\r\nSet-Cookie: c=3\r\nContent-Length: 4\r\n\r\nbody");
        foreach (var cookie in new[] { "a=1", "b=2", "c=3" })
        {
            Assert.Contains($"Set-Cookie: {cookie}; Path=/workspace/mallory/\r\n", answer, StringComparison.Ordinal);
        }
    }

    private static void AssertEndsWithBody(string answer, int informational)
    {
        var heads = answer.Split("\r\n\r\n");
        Assert.True(heads.Length == informational + 2, answer);
        Assert.All(heads.Take(informational), head => Assert.Matches("^HTTP/1.1 1[0-9]{2} [^\r\n]*$", head));
        Assert.Contains("X-Of-Its-Own: kept", heads[^2], StringComparison.Ordinal);
        Assert.Equal("body", heads[^1]);
    }

    /// <summary>Every byte that a client gets until Caddy ends the connection.</summary>
    private async Task<string> AnswerAsync(string answer, string? more = null, string protocol = "HTTP/1.1")
    {
        await using var upstream = new RawUpstream(Mallory, EditorPort, answer);
        await ApplyAsync(Route("mallory", Mallory));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Caddy.WorkspacePort);
        await using var stream = client.GetStream();
        var connection = more?.Contains("Connection:", StringComparison.Ordinal) == true ? "" : "Connection: close\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /workspace/mallory/ {protocol}\r\nHost: localhost\r\nAuthorization: Basic {Credentials(Password)}\r\n{connection}{(more is null ? "" : more + "\r\n")}\r\n"));
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Each header three times, each time in another spelling.</summary>
    private static string Evil(IEnumerable<string> names) =>
        string.Concat(names.Select(name => $"{name}: evil\r\n{name.ToUpperInvariant()}: evil\r\n{Mixed(name)}: evil\r\n"));

    private static string Mixed(string name) => string.Concat(name.Select((c, i) => i % 2 == 0 ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)));
}
