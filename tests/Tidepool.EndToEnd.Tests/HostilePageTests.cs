using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Tidepool.Contracts;

namespace Tidepool.EndToEnd.Tests;

/// <summary>
/// What a page that a workspace serves can do in the browser of the owner, who is signed in to everything: in real Chromium,
/// through the real Caddy, against the real server.
/// </summary>
[Collection(WholeTidepool.Name)]
public sealed class HostilePageTests(RunningTidepool tidepool) : IAsyncLifetime
{
    private const int Port = 4000;
    private Browser browser = null!;

    /// <summary>Each ends with what the page found out; the words "read" and "opened" are what must never come.</summary>
    private const string Probes = """
        async ({ api, victim }) => {
          const results = {};
          const later = ms => new Promise(done => setTimeout(done, ms));
          const limit = (what, ms = 4000) => Promise.race([what, later(ms).then(() => 'silence')]);
          const attempt = async (name, probe) => {
            try { results[name] = String(await limit(probe())); } catch (fault) { results[name] = 'refused'; }
          };
          const get = (url, options) => async () => {
            const answer = await fetch(api + url, options);
            return answer.type === 'opaque' ? 'opaque' : 'read ' + (await answer.text()).length;
          };
          for (const mode of ['cors', 'no-cors', 'same-origin']) {
            for (const path of ['/api/workspaces', '/api/events', '/api/openapi.json', '/app/'])
              await attempt(`fetch ${mode} ${path}`, get(path, { mode, credentials: 'include' }));
            await attempt(`fetch ${mode} POST text`, get('/api/workspaces', { mode, credentials: 'include', method: 'POST', body: '{"name":"planted-text"}' }));
            await attempt(`fetch ${mode} POST JSON`, get('/api/workspaces', { mode, credentials: 'include', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"name":"planted-json"}' }));
            await attempt(`fetch ${mode} POST stop`, get(`/api/workspaces/${victim}/stop`, { mode, credentials: 'include', method: 'POST' }));
            if (mode !== 'no-cors') await attempt(`fetch ${mode} DELETE`, get(`/api/workspaces/${victim}`, { mode, credentials: 'include', method: 'DELETE' }));
          }

          await attempt('beacon', async () => {
            navigator.sendBeacon(`${api}/api/workspaces/${victim}/stop`, '');
            navigator.sendBeacon(`${api}/api/workspaces`, new Blob(['{"name":"planted-beacon"}'], { type: 'text/plain' }));
            await later(300);
            return 'sent';
          });

          for (const [type, path] of [['text/plain', '/api/workspaces'], ['application/x-www-form-urlencoded', '/api/workspaces'], ['multipart/form-data', '/api/workspaces'], ['text/plain', `/api/workspaces/${victim}/stop`]])
            await attempt(`form ${type} ${path}`, () => new Promise(done => {
              const frame = document.body.appendChild(Object.assign(document.createElement('iframe'), { name: 'target' + Math.random() }));
              const form = document.body.appendChild(Object.assign(document.createElement('form'), { action: api + path, method: 'POST', enctype: type, target: frame.name }));
              form.appendChild(Object.assign(document.createElement('input'), { name: '{"name":"planted-form","x":"', value: '"}' }));
              frame.onload = () => { let seen = 'answered, unreadable'; try { if (frame.contentDocument.body.innerText) seen = 'read'; } catch { } done(seen); };
              form.submit();
            }));

          await attempt('WebSocket', () => new Promise(done => {
            const socket = new WebSocket(api.replace('http', 'ws') + '/api/events');
            socket.onopen = () => done('opened');
            socket.onerror = () => done('refused');
          }));
          await attempt('EventSource', () => new Promise(done => {
            const source = new EventSource(api + '/api/events', { withCredentials: true });
            source.onopen = source.onmessage = () => done('opened');
            source.addEventListener('workspace', () => done('read'));
            source.onerror = () => { source.close(); done('refused'); };
          }));

          for (const path of ['/app/', '/api/docs/', '/api/workspaces'])
            await attempt(`iframe ${path}`, () => new Promise(done => {
              const frame = document.body.appendChild(document.createElement('iframe'));
              frame.onload = async () => {
                await later(300);
                try { done(frame.contentDocument && frame.contentDocument.body.innerText ? 'read' : 'blank'); } catch { done(frame.contentWindow.length > 0 ? 'opened' : 'unreadable'); }
              };
              frame.src = api + path;
            }));
          for (const [tag, attribute] of [['script', 'src'], ['img', 'src'], ['link', 'href'], ['object', 'data'], ['video', 'src']])
            await attempt(`<${tag}>`, () => new Promise(done => {
              const element = document.createElement(tag);
              if (tag === 'link') element.rel = 'stylesheet';
              element.onload = () => done('opened');
              element.onerror = () => done('refused');
              element[attribute] = api + (tag === 'link' ? '/app/style.css' : tag === 'img' ? '/app/icon.svg' : tag === 'script' ? '/app/page.js' : '/api/workspaces');
              document.body.appendChild(element);
            }));

          await attempt('window.open, then reading it', async () => {
            const opened = window.open(api + '/app/');
            await later(2500);
            if (!opened) return 'blocked';
            try { return opened.document.body.innerText ? 'read' : 'blank'; } catch { }
            return opened.closed ? 'cut off' : 'unreadable';
          });

          for (const scope of ['/', '/workspace/', `/workspace/${victim}/`])
            await attempt(`service worker for ${scope}`, async () => { await navigator.serviceWorker.register('worker.js', { scope }); return 'opened'; });
          await attempt('the session in document.cookie', async () => document.cookie.includes('tidepool_session') ? 'read' : 'unseen');
          for (let i = 0; i < 60; i++) document.cookie = `bomb${i}=${'x'.repeat(3500)}; path=/`;
          return results;
        }
        """;

    public async ValueTask InitializeAsync() => browser = await Browser.OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        foreach (var name in new[] { "hostile", "victim" })
        {
            await tidepool.RemoveAsync(name);
        }
    }

    [Fact]
    public async Task A_page_of_a_workspace_reads_nothing_of_the_owners_and_changes_nothing()
    {
        var hostile = await tidepool.CreateAsync("hostile");
        var victim = await tidepool.CreateAsync("victim");
        await tidepool.UntilAsync("hostile", WorkspaceStatus.Running);
        await tidepool.UntilAsync("victim", WorkspaceStatus.Running);
        await ServeAsync(hostile.Id);

        // Signed in to both origins, like a user at work.
        await browser.Page.GotoAsync(tidepool.AppUrl);
        await browser.Page.GetByText("victim").First.WaitForAsync();
        await browser.Page.GotoAsync($"{tidepool.WorkspaceUrl("hostile")}port/{Port}/");
        await browser.Page.GetByText("A page like any other").WaitForAsync();
        var before = await SnapshotAsync();
        var answered = new List<(string Method, string Path, int Status)>();
        browser.Page.Response += (_, response) =>
        {
            if (new Uri(response.Url) is { } url && url.Port == tidepool.ApiPort)
            {
                answered.Add((response.Request.Method, url.AbsolutePath, response.Status));
            }
        };

        var results = await browser.Page.EvaluateAsync<Dictionary<string, string>>(Probes, new { api = $"http://localhost:{tidepool.ApiPort}", victim = "victim" });
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', results.Select(r => $"| {r.Key} | {r.Value} |")));
        Assert.DoesNotContain(results, r => r.Value.Contains("read ", StringComparison.Ordinal) || r.Value is "read" or "opened" or "silence");
        Assert.True(results.Count > 40, $"Only {results.Count} probes were tried.");

        // They came with the owner's password, so it was for where they came from that they were refused.
        Assert.Contains(("POST", "/api/workspaces/victim/stop", 403), answered);
        Assert.Contains(("GET", "/api/workspaces", 403), answered);
        Assert.DoesNotContain(answered, a => a.Path.StartsWith("/api/", StringComparison.Ordinal) && a.Status is not (403 or 401));
        Assert.Equal(before, await SnapshotAsync());
        Assert.Equal(victim.Id, (await tidepool.UntilAsync("victim", WorkspaceStatus.Running)).Id);

        // Its cookies are everywhere by now; the owner's page works all the same.
        await browser.Page.GotoAsync(tidepool.AppUrl);
        await browser.Page.GetByText("victim").First.WaitForAsync();
        Assert.Contains(await browser.Page.Context.CookiesAsync([$"http://localhost:{tidepool.ApiPort}/app/"]), c => c.Name.StartsWith("bomb", StringComparison.Ordinal));
        await NothingTellsASecretAsync();
    }

    /// <summary>Any user of this machine can listen on another port of the same host name. The browser counts it as the same site.</summary>
    [Fact]
    public async Task A_page_of_another_port_reaches_no_workspace()
    {
        await tidepool.CreateAsync("victim");
        await tidepool.UntilAsync("victim", WorkspaceStatus.Running);
        await browser.Page.GotoAsync(tidepool.AppUrl);
        await browser.Page.GetByText("victim").First.WaitForAsync();
        using var another = new TcpListener(IPAddress.Loopback, 0);
        another.Start();
        var serving = ServePageAsync(another);
        await browser.Page.GotoAsync($"http://localhost:{((IPEndPoint)another.LocalEndpoint).Port}/");
        var answered = new ConcurrentBag<(string Method, string Type, int Status)>();
        browser.Page.Response += (_, response) => answered.Add((response.Request.Method, response.Request.ResourceType, response.Status));
        var socket = await browser.Page.EvaluateAsync<string>("""
            async address => {
              for (const method of ['GET', 'POST']) {
                await fetch(address + 'healthz', { method, mode: 'no-cors', credentials: 'include' }).catch(() => {});
              }
              for (const [kind, source] of [['script', 'src'], ['iframe', 'src'], ['img', 'src']]) {
                const element = document.createElement(kind);
                const done = new Promise(resolve => { element.onload = element.onerror = resolve; });
                element[source] = address + 'healthz';
                document.body.append(element);
                await done;
              }
              return await new Promise(resolve => {
                const socket = new WebSocket(address.replace('http', 'ws') + '?reconnectionToken=1&reconnection=false&skipWebSocketFrames=false');
                socket.onopen = () => resolve('opened');
                socket.onerror = () => resolve('refused');
              });
            }
            """, tidepool.WorkspaceUrl("victim"));
        Assert.Equal("refused", socket);
        Assert.True(answered.Count >= 3, string.Join(", ", answered));
        Assert.All(answered, a => Assert.Equal(403, a.Status));

        // A link may lead there.
        await browser.Page.EvaluateAsync("address => { const link = document.createElement('a'); link.href = address; link.textContent = 'a link'; document.body.append(link); }", tidepool.WorkspaceUrl("victim"));
        await browser.Page.GetByText("a link").ClickAsync();
        await browser.Page.Locator(".monaco-workbench").First.WaitForAsync();
        another.Stop();
        await serving;
    }

    /// <summary>The same page to every connection, until the listener is stopped.</summary>
    private static async Task ServePageAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var stream = client.GetStream();
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<p>Another</p>"u8.ToArray());
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or IOException)
        {
            // Stopped.
        }
    }

    /// <summary>Neither the password nor what stands for it is anywhere but in Caddy's configuration, which only Caddy and root read.</summary>
    private async Task NothingTellsASecretAsync()
    {
        var session = Assert.Single(await browser.Page.Context.CookiesAsync([tidepool.WorkspaceUrl("victim")]), c => c is { Name: "tidepool_session", HttpOnly: true }).Value;
        var token = session.Split('-')[0];
        Assert.Contains(token, await File.ReadAllTextAsync(Path.Combine(tidepool.State, "caddy", "config.json")), StringComparison.Ordinal);
        string[] secrets = [RunningTidepool.Password, RunningTidepool.Credentials(RunningTidepool.Password), token];
        var files = new[] { "logs", ".logs", "caddy", "run" }.Select(d => Path.Combine(tidepool.State, d)).Where(Directory.Exists)
            .SelectMany(d => Directory.EnumerateFiles(d, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
            .Where(f => !f.EndsWith(".sock", StringComparison.Ordinal) && !f.EndsWith(".bell", StringComparison.Ordinal) && !f.EndsWith("caddy/config.json", StringComparison.Ordinal))
            .Concat(Directory.EnumerateFiles(tidepool.State)).Where(f => !f.EndsWith("session-key", StringComparison.Ordinal))
            .Concat(Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)).Select(p => Path.Combine(p, "cmdline")));
        foreach (var file in files)
        {
            var text = Read(file);
            Assert.DoesNotContain(secrets, secret => text.Contains(secret, StringComparison.Ordinal));
        }
    }

    /// <summary>Everything that a page could have changed: the workspaces, their states, and what was done.</summary>
    private async Task<string> SnapshotAsync()
    {
        var workspaces = (await tidepool.Api.ListAsync()).Value!.Items.Select(w => $"{w.Name} {w.Status} {w.DesiredState}");
        var activity = (await tidepool.Api.ActivityAsync(null, 5)).Value!.Items.Select(a => $"{a.Sequence} {a.WorkspaceName} {a.Verb} {a.Outcome}");
        return string.Join('\n', workspaces.Concat(activity));
    }

    private async Task ServeAsync(string id)
    {
        using var shell = new WorkspaceShell(tidepool.State, id);
        await shell.WriteAsync("/root/hostile.py", $$""""
            import http.server

            class Page(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    script = self.path.endswith("worker.js")
                    self.send_response(200)
                    self.send_header("Content-Type", "text/javascript" if script else "text/html")
                    self.send_header("Service-Worker-Allowed", "/")
                    self.end_headers()
                    self.wfile.write(b"self.onfetch = () => {};" if script else b"<!doctype html><title>x</title><p>A page like any other")

            http.server.ThreadingHTTPServer(("", {{Port}}), Page).serve_forever()
            """");
        await shell.StartAsync("python3 /root/hostile.py");
        var registered = await tidepool.Api.RegisterPortAsync(id, new RegisterPortRequest(Port));
        Assert.True(registered.Succeeded, registered.Problem?.Detail);
        await Until.TrueAsync("the page is served", async () => (await tidepool.Http.GetAsync(new Uri($"{tidepool.WorkspaceUrl("hostile")}port/{Port}/"))).IsSuccessStatusCode);
        await Until.TrueAsync("the port is seen to answer", async () => (await tidepool.Api.PortsAsync(id)).Value is [{ Answers: true }]);
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
