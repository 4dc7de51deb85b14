using System.Globalization;
using System.Text;

namespace Tidepool.Testing.FrontDoor;

/// <summary>An operation of the API, with a path that names something that is there, and what a client would send along.</summary>
public sealed record Operation(string Method, string Path, string? Body)
{
    public override string ToString() => $"{Method} {Path}";
}

/// <summary>A request as it goes over the wire, one character a byte.</summary>
/// <param name="Name">How it was made, for the reader of a failure.</param>
/// <param name="Text">What is sent.</param>
/// <param name="Alone">Whether it needs a connection of its own, because where it ends is what it lies about.</param>
public sealed record WireRequest(string Name, string Text, bool Alone = false);

/// <summary>
/// The ways in which a request for an operation can be written without a password, so that a part on its way reads another
/// operation, another path or another sender in it than the next part does.
/// </summary>
public sealed class Spellings(string host, string workspace)
{
    private const string LongPath = "a/../";

    /// <summary>Separators that some program, somewhere, takes for a slash.</summary>
    private static readonly string[] Slashes =
    [
        "%2f", "%2F", "%5c", "%5C", "\\", "%252f", "%25252f", "%c0%af", "%e0%80%af", "%f0%80%80%af", "%c1%9c", "%ef%bc%8f", "\u00ef\u00bc\u008f", "%u2215", "//", "///", "/./",
        "/%2e/", "/%2E/", "/.%2f", "/x/../", "/x/%2e%2e/", "/x/.%2e/", "/x/..%2f", "/x%2f../", "/x/..;/", "/;/", "/;a=b/", "/%20/", "/\t/", "/%00/", "/%09", "%2f%2f", "/.\\", "/x\\..\\",
    ];

    /// <summary>What stands before a path. What Caddy or the server lets pass without a password comes first.</summary>
    private string[] Prefixes =>
    [
        "/api/health/..", "/api/health/%2e%2e", "/api/health/.%2e", "/api/health%2f..", "/api/health/..;", "/api/health;/..", "/api/health/../..", "/api/health/..%2f..", "/api/health%2f..%2f..",
        "/api/health\\..", "/api/health%00/..", "/api/health//..", "/api/health?/..", "/api/health#/..", "/app/..", "/app/%2e%2e", "/app/..%2f..", "/gate/..", "/gate/passed/../..", "/gate%2f..",
        "/gate/..%2f..", "/workspace-page/..", "/workspace-page/x/../..", "/workspace-page/x%2f..%2f..", $"/workspace/{workspace}/../..", $"/workspace/{workspace}/..%2f..",
        $"/workspace/{workspace}/%2e%2e/%2e%2e", $"/workspace/{workspace}/..%5c..", $"/workspace/{workspace}/port/3000/../../../..", $"/workspace/{workspace}/port/3000/..%2f..%2f..%2f..", $"/workspace/{workspace}",
        "/..", "/.", "/", "//", "/\\", "\\", "/%2e", "/%2e%2e", "/%2f", "/%5c", "/x/..", "/x/%2e%2e", "/;", "/..;", "/http://localhost", "/%00", "/\u00a0", "/~", "/*",
    ];

    /// <summary>What stands after a path. The first ones end, once they are decoded and cleaned, in the one path that is open.</summary>
    private static string[] Suffixes(string path)
    {
        var up = string.Concat(Enumerable.Repeat("..%2f", path.Count(c => c == '/') - 1));
        return
        [
            $"/{up}health%2fx/..", $"/{up}health", $"/{up}health/", $"/{up.Replace("%2f", "%5c", StringComparison.Ordinal)}health%5cx/..", $"/{up.Replace("..", "%2e%2e", StringComparison.Ordinal)}health%2fx/..",
            $"/{up.Replace("%2f", "%2F", StringComparison.Ordinal)}health%2Fx/%2e%2e", $"/{up.Replace("%2f", "/", StringComparison.Ordinal)}health", $"/{up.Replace("%2f", "%252f", StringComparison.Ordinal)}health%252fx/..",
            $"/{up}..%2fgate%2fx/..", $"/{up}..%2fworkspace-page%2fx/..", $"/{up}..%2fapp%2fx/..", $"%2f{up}health%2fx%2f..", $"/{up}health%00/..", $"/{up}health;/..",
            "/", "//", "/.", "/..", "/%2e", "/%2e%2e", "/..;/", "/x/..", "/x%2f..", "%00", "\0", "%20", "%09", "\t", "%0a", "%0d%0aX-Tidepool-User:%20tidepool", ".json", ";", ";jsessionid=1", "?", "?x=/../../api/health",
            "?/../api/health", "#", "#/api/health", "%23", "%3f", "%3F/api/health", "%", "%zz", "%2", "%u002f", "*", "~", "\\", "\\..\\health", "\u00ff", "%ff", "%c0%ae%c0%ae/health", "\u007f",
        ];
    }

    private static IEnumerable<(string Name, string Path)> Letters(string path)
    {
        yield return ("upper case", path.ToUpperInvariant());
        yield return ("title case", CultureInfo.InvariantCulture.TextInfo.ToTitleCase(path));
        yield return ("a letter encoded", "/%61" + path[2..]);
        yield return ("its last letter encoded", path[..^1] + Encode(path[^1]));
        yield return ("every letter encoded", string.Concat(path.Select(c => c == '/' ? "/" : Encode(c))));
        yield return ("everything encoded", string.Concat(path.Select(Encode)));
        yield return ("encoded twice", string.Concat(path.Select(c => c == '/' ? "/" : "%25" + Encode(c)[1..])));
        yield return ("overlong letters", path.Replace("a", "%c1%a1", StringComparison.Ordinal));
        yield return ("fullwidth letters", path.Replace("a", "%ef%bd%81", StringComparison.Ordinal));
        yield return ("a Kelvin sign for a k", path.Replace("k", "%e2%84%aa", StringComparison.Ordinal));
        yield return ("a long s", path.Replace("s", "%c5%bf", StringComparison.Ordinal));
        yield return ("a NUL within", path.Insert(2, "\0"));
        yield return ("an encoded NUL within", path.Insert(2, "%00"));
        yield return ("a tab within", path.Insert(2, "\t"));
        yield return ("a line's end within", path.Insert(2, "%0d%0a"));
        yield return ("a soft hyphen within", path.Insert(2, "%c2%ad"));
        yield return ("no slash first", path[1..]);
        yield return ("2,000 dot segments", "/" + string.Concat(Enumerable.Repeat(LongPath, 2000)) + path[1..]);
        yield return ("a query of 20,000 characters", path + "?" + new string('a', 20_000));
        yield return ("a path of two million characters", path + "/" + new string('a', 2_000_000));
    }

    private static string Encode(char c) => $"%{(int)c:x2}";

    /// <summary>The spellings of the path alone that any HTTP client can send.</summary>
    public IEnumerable<string> Plain(Operation operation) =>
        Paths(operation.Path).Select(p => p.Path).Where(p => p.Length < 1000 && p[0] == '/' && p.All(c => c is > ' ' and <= '~' and not '#' and not '\\'));

    /// <summary>Every spelling of the path itself.</summary>
    private IEnumerable<(string Name, string Path)> Paths(string path)
    {
        yield return ("as it is", path);
        var inner = path.IndexOf('/', 1);
        var last = path.LastIndexOf('/');
        foreach (var slash in Slashes)
        {
            var name = Visible(slash);
            yield return ($"{name} for the first slash", slash + path[1..]);
            if (inner > 0)
            {
                yield return ($"{name} for the second slash", string.Concat(path.AsSpan(0, inner), slash, path.AsSpan(inner + 1)));
                yield return ($"{name} for all slashes", path.Replace("/", slash, StringComparison.Ordinal));
            }

            if (inner > 0 && last != inner)
            {
                yield return ($"{name} for the last slash", string.Concat(path.AsSpan(0, last), slash, path.AsSpan(last + 1)));
            }
        }

        foreach (var prefix in Prefixes)
        {
            yield return ($"{Visible(prefix)} before it", prefix + path);
            if (path.StartsWith("/api/", StringComparison.Ordinal))
            {
                yield return ($"{Visible(prefix)} before what follows /api", prefix + path["/api".Length..]);
            }
        }

        foreach (var suffix in Suffixes(path))
        {
            yield return ($"{Visible(suffix)} after it", path + suffix);
        }

        foreach (var (name, spelled) in Letters(path))
        {
            yield return (name, spelled);
        }
    }

    /// <summary>Headers by which a request may pass for another request, or for one that is already signed in.</summary>
    private string[] Headers(string path) =>
    [
        $"X-Original-URL: {path}", $"X-Rewrite-URL: {path}", $"X-Original-Uri: {path}", $"X-Forwarded-Uri: {path}", $"X-Forwarded-Path: {path}", $"X-Forwarded-Prefix: {path}", "X-Forwarded-Prefix: /api/health/..",
        "X-HTTP-Method-Override: GET", "X-HTTP-Method: GET", "X-Method-Override: GET", "X-Forwarded-Method: GET", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: localhost", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443",
        "X-Real-IP: 127.0.0.1", "X-Client-IP: 127.0.0.1", "True-Client-IP: 127.0.0.1", "Forwarded: for=127.0.0.1;host=localhost;proto=https", "Via: 1.1 caddy", "X-Forwarded-User: tidepool", "X-Remote-User: tidepool",
        "Remote-User: tidepool", "X-Auth-Request-User: tidepool", "X-WEBAUTH-USER: tidepool", "X-Tidepool-User: tidepool", "x-tidepool-user: tidepool", "X_Tidepool_User: tidepool", "X-Tidepool_User: tidepool",
        "X-Tidepool-User : tidepool", "X-Tidepool-Signed-In: yes", "X-Tidepool-Signed-In:", $"X-Tidepool-Signed-In: {new string('0', 64)}", "X-Tidepool-Signed-In: {file.proxy-secret}", "X_Tidepool_Signed_In: yes",
        "X-Tidepool-Known: yes", "X-Tidepool-Attempt: 1", "X-Tidepool-Attempt: {http.request.uuid}", "X-Tidepool-Password-Version: 1", "X-Tidepool-Client: 127.0.0.1", "X-Tidepool-Owner: tidepool",
        "X-Tidepool-Substitute: Basic dGlkZXBvb2w6eA==", "X-Tidepool-Anything: yes", "X-Tidepool-User: tidepool\r\nConnection: keep-alive, X-Tidepool-User", "X-Tidepool-Attempt: 1\r\nConnection: keep-alive, X-Tidepool-Attempt",
        "Connection: keep-alive, Authorization, Host, Cookie, X-Tidepool-Signed-In", "Proxy-Authorization: Basic dGlkZXBvb2w6eA==", "Cookie: tidepool_session=", $"Cookie: tidepool_session={new string('0', 64)}",
        "Cookie: tidepool_session={file.session-token}", $"Cookie: {string.Join("; ", Enumerable.Range(0, 200).Select(i => $"c{i}=x"))}", "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Expect: 100-continue",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        "Accept: text/event-stream", "Range: bytes=0-10", "If-None-Match: *", "TE: trailers", "Max-Forwards: 0", "Destination: /api/health", "Content-Location: /api/health", "Referer: http://localhost/app/",
        " X-Tidepool-User: tidepool", "X-Junk: a\r\n\tX-Tidepool-User: tidepool", "X-Junk: \u00ff\u00fe", "X-Junk: a\rX-Tidepool-User: tidepool", "X-Junk: a\0b", $"X-Junk: {new string('a', 40_000)}", ":path: /api/health", ":authority: localhost",
    ];

    /// <summary>What may stand in the place of a host's name.</summary>
    private string[] Hosts => ["Host: 127.0.0.1", "Host: [::1]", "Host: LOCALHOST", "Host: localhost.", "Host: localhost:1", "Host: evil.example", "Host: a!b", "Host:", "Host: tidepool@localhost", "Host: localhost/api/health", "Host: unix", "X-No-Host: 1", $"Host: {host}\r\nHost: evil.example", $"Host: evil.example\r\nHost: {host}", $"Host : {host}", $"Host: {host}\r\n evil.example", $"Host: {host}, evil.example"];

    /// <summary>First lines other than the usual, each with what must follow it.</summary>
    private IEnumerable<(string Name, string Lines)> FirstLines(Operation operation)
    {
        var (method, path) = (operation.Method, operation.Path);
        foreach (var target in new[]
        {
            $"http://{host}{path}", $"HTTP://{host}{path}", $"http://tidepool:x@{host}{path}", $"http://evil.example{path}", $"http://evil.example/api/health/..{path}", $"https://{host}{path}", $"//{host}{path}", $"ws://{host}{path}",
            $"file://{path}", $"unix:{path}", $"http:{path}", $"http://{path}", $"http://{host}%2f{path}", $"http://{host}/api/health/..%2f..{path}", $"http://{host}\\{path}", $"http://{host}?{path}", "*", host, "?" + path, "#" + path, "",
        })
        {
            yield return ($"asked for as {target}", $"{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
        }

        foreach (var other in new[] { "GET", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "POST", "PROPFIND", "MOVE", "TRACK", "DEBUG", "get", "Get", "FOO", "G\u00e9T", "PRI", "GET\t", " GET", "M-SEARCH" })
        {
            yield return ($"method {other}", $"{other} {path} HTTP/1.1\r\nHost: {host}\r\n");
        }

        yield return ("HTTP/1.0", $"{method} {path} HTTP/1.0\r\nHost: {host}\r\n");
        yield return ("HTTP/1.0 without a host", $"{method} {path} HTTP/1.0\r\n");
        yield return ("HTTP/1.0 kept alive", $"{method} {path} HTTP/1.0\r\nHost: {host}\r\nConnection: keep-alive\r\n");
        foreach (var version in new[] { "", " ", " HTTP/0.9", " HTTP/1.2", " HTTP/1.9", " HTTP/2.0", " HTTP/3.0", " http/1.1", " HTTP/1.1 ", "  HTTP/1.1", "\tHTTP/1.1", " HTTP/01.1", " HTTP/1", " HTTP/1.1\0", " HTTPS/1.1", " /api/health HTTP/1.1" })
        {
            yield return ($"version '{Visible(version)}'", $"{method} {path}{version}\r\nHost: {host}\r\n");
        }

        yield return ("an empty line first", $"\r\n{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
        yield return ("two spaces", $"{method}  {path} HTTP/1.1\r\nHost: {host}\r\n");
        yield return ("tabs for spaces", $"{method}\t{path}\tHTTP/1.1\r\nHost: {host}\r\n");
        yield return ("lines that end in a line feed alone", $"{method} {path} HTTP/1.1\nHost: {host}\n");
        yield return ("a carriage return alone", $"{method} {path} HTTP/1.1\rHost: {host}\r\n");
        yield return ("the open path in a line before", $"GET /api/health HTTP/1.1\n{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
    }

    /// <summary>Requests whose end two parts see in different places: what is left over would be the next request, of another sender.</summary>
    private IEnumerable<(string Name, string Text)> Smuggled(Operation operation)
    {
        var inner = Write($"{operation.Method} {operation.Path} HTTP/1.1\r\nHost: {host}\r\nX-Tidepool-User: tidepool\r\n", operation.Body);
        var chunk = inner.Length.ToString("x");
        foreach (var (open, method) in new[] { ("/api/health", "GET"), ("/api/health", "POST"), (operation.Path, "POST") })
        {
            var head = $"{method} {open} HTTP/1.1\r\nHost: {host}\r\n";
            var where = $" behind {method} {open}";
            yield return ("pipelined" + where, $"{head}\r\n{inner}");
            yield return ("as a body" + where, $"{head}Content-Length: {inner.Length}\r\n\r\n{inner}");
            yield return ("as chunks" + where, $"{head}Transfer-Encoding: chunked\r\n\r\n{chunk}\r\n{inner}\r\n0\r\n\r\n");
            yield return ("CL.TE" + where, $"{head}Content-Length: {inner.Length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}");
            yield return ("TE.CL" + where, $"{head}Transfer-Encoding: chunked\r\nContent-Length: {chunk.Length + 2}\r\n\r\n{chunk}\r\n{inner}\r\n0\r\n\r\n");
            yield return ("two lengths" + where, $"{head}Content-Length: 0\r\nContent-Length: {inner.Length}\r\n\r\n{inner}");
            yield return ("two lengths, the other way" + where, $"{head}Content-Length: {inner.Length}\r\nContent-Length: 0\r\n\r\n{inner}");
            foreach (var length in new[] { "+0", "-1", "0x0", "0, 0", "0 0", " 0", "0\t", "", "99999999999999999999", "0;", "00" })
            {
                yield return ($"length '{Visible(length)}'" + where, $"{head}Content-Length: {length}\r\n\r\n{inner}");
            }

            foreach (var coding in new[] { "Transfer-Encoding : chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: \u000bchunked", "Transfer-Encoding: Chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer_Encoding: chunked", "X: x\nTransfer-Encoding: chunked" })
            {
                yield return ($"{Visible(coding)}" + where, $"{head}Content-Length: 5\r\n{coding}\r\n\r\n0\r\n\r\n{inner}");
            }

            yield return ("a chunk's extension" + where, $"{head}Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n{inner}");
            yield return ("a chunk's size in other digits" + where, $"{head}Transfer-Encoding: chunked\r\n\r\n0_0\r\n\r\n{inner}");
            yield return ("a trailer" + where, $"{head}Transfer-Encoding: chunked\r\nTrailer: X-Tidepool-User\r\n\r\n0\r\nX-Tidepool-User: tidepool\r\n\r\n{inner}");
            yield return ("Expect, and a body at once" + where, $"{head}Expect: 100-continue\r\nContent-Length: {inner.Length}\r\n\r\n{inner}");
        }
    }

    /// <summary>All of them, for one operation. The order is always the same.</summary>
    public IEnumerable<WireRequest> Of(Operation operation)
    {
        var usual = $"Host: {host}\r\n";
        foreach (var (name, path) in Paths(operation.Path))
        {
            yield return new(name, Write($"{operation.Method} {path} HTTP/1.1\r\n{usual}", operation.Body));
        }

        foreach (var header in Headers(operation.Path))
        {
            yield return new($"with {Visible(header)}", Write($"{operation.Method} {operation.Path} HTTP/1.1\r\n{usual}{header}\r\n", operation.Body));
            yield return new($"as the health, with {Visible(header)}", Write($"GET /api/health HTTP/1.1\r\n{usual}{header}\r\n", null));
        }

        foreach (var line in Hosts)
        {
            yield return new($"with {Visible(line)}", Write($"{operation.Method} {operation.Path} HTTP/1.1\r\n{line}\r\n", operation.Body));
        }

        foreach (var (name, lines) in FirstLines(operation))
        {
            yield return new(Visible(name), Write(lines, operation.Body));
        }

        // The last one closes the connection, so that its end is the end of the answers.
        var last = $"GET /nothing HTTP/1.1\r\n{usual}Connection: close\r\n\r\n";
        foreach (var (name, text) in Smuggled(operation))
        {
            yield return new(Visible(name), text + last, Alone: true);
        }
    }

    /// <summary>Several spellings at once, by chance.</summary>
    public WireRequest Random(Operation operation, Random random)
    {
        var path = operation.Path;
        var names = new List<string>();
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var all = path.Length > 400 || path.IndexOf('/', 1) < 0 || !path.StartsWith("/api", StringComparison.Ordinal) ? [] : Paths(path).Where(p => p.Path.Length < 400).ToArray();
            if (all.Length > 0)
            {
                (var name, path) = all[random.Next(all.Length)];
                names.Add(name);
            }
        }

        var headers = Headers(operation.Path);
        var chosen = random.GetItems(headers, random.Next(0, 3));
        names.AddRange(chosen.Select(Visible));
        return new(string.Join(" + ", names), Write($"{operation.Method} {path} HTTP/1.1\r\nHost: {host}\r\n{string.Concat(chosen.Select(h => h + "\r\n"))}", operation.Body));
    }

    private static string Write(string head, string? body)
    {
        var end = head.EndsWith("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        return body is null ? head + end : $"{head}Content-Type: application/json{end}Content-Length: {Encoding.UTF8.GetByteCount(body)}{end}{end}{body}";
    }

    private static string Visible(string text)
    {
        var start = text.Length > 60 ? text[..60] + "…" : text;
        return string.Concat(start.Select(c => c is < ' ' or > '~' and not '…' ? Encode(c) : c.ToString()));
    }
}
