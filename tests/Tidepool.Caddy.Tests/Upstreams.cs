using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Tidepool.Caddy.Tests;

/// <summary>
/// What stands behind Caddy in these tests: the server on its socket, and editors that own loopback addresses as workspaces own
/// theirs on the bridge. Each answers with what it was asked, so a test sees what arrived.
/// </summary>
internal sealed class Upstreams : IAsyncDisposable
{
    /// <summary>What the gate answers where it is asked for; 204 lets every client try.</summary>
    public int GateStatus { get; set; } = 204;

    /// <summary>What the gate was last asked with.</summary>
    public string Asked { get; private set; } = "";

    /// <summary>Whether the server takes requests and answers none.</summary>
    public bool Hangs { get; set; }

    /// <summary>What the gate wants checked in the place of what came; null for what came.</summary>
    public string? Substitute { get; set; }

    /// <summary>What the gate says of the client's connection; null for nothing.</summary>
    public string? Holder { get; set; } = new('7', 64);

    /// <summary>How often the gate was asked who the client is, for a session.</summary>
    public int HolderQuestions { get; private set; }

    /// <summary>Whether the gate says of every password that it was right before.</summary>
    public bool GateKnows { get; set; }

    /// <summary>The attempts that Caddy said were right.</summary>
    public ConcurrentQueue<string> Passed { get; } = new();

    /// <summary>Every request that came, for any upstream: which upstream, the method, and the target as it was written.</summary>
    public ConcurrentQueue<string> Reached { get; } = new();

    /// <summary>How often the gate was asked.</summary>
    public int SignInAttempts { get; private set; }

    private readonly List<WebApplication> running = [];

    /// <summary>An editor, or whatever listens on a port, at an address of 127.0.0.0/8.</summary>
    public Task AddAsync(IPAddress address, int port, string name) => RunAsync(kestrel => kestrel.Listen(address, port), name);

    public Task AddServerAsync(string socket) => RunAsync(kestrel => kestrel.ListenUnixSocket(socket), "server");

    public async Task RemoveServerAsync()
    {
        await running[0].DisposeAsync();
        running.RemoveAt(0);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in running)
        {
            await app.DisposeAsync();
        }
    }

    private async Task RunAsync(Action<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions> listen, string name)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(listen);
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(context =>
        {
            Reached.Enqueue($"{name} {context.Request.Method} {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}");
            return context.WebSockets.IsWebSocketRequest ? EchoAsync(context) : AnswerAsync(context, name);
        });
        await app.StartAsync();
        running.Add(app);
    }

    private bool TryAnswerGate(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/gate/holder":
                HolderQuestions++;
                SayHolder(context);
                Asked = string.Join('\n', context.Request.Headers.Select(h => $"{h.Key}: {h.Value}"));
                context.Response.StatusCode = GateStatus;
                return true;
            case "/gate":
                SignInAttempts++;
                SayHolder(context);
                Asked = string.Join('\n', context.Request.Headers.Select(h => $"{h.Key}: {h.Value}"));
                context.Response.StatusCode = GateStatus;
                if (GateKnows)
                {
                    context.Response.Headers["X-Tidepool-Known"] = "yes";
                    return true;
                }

                if (Substitute is not null)
                {
                    context.Response.Headers["X-Tidepool-Substitute"] = Substitute;
                }

                context.Response.Headers["X-Tidepool-Attempt"] = context.Request.Headers["X-Tidepool-Attempt"].Count > 0 ? "forged" : $"attempt-{SignInAttempts}";
                return true;
            case "/gate/passed":
                Passed.Enqueue(context.Request.Headers["X-Tidepool-Attempt"].ToString());
                context.Response.StatusCode = 204;
                return true;
            default:
                return false;
        }
    }

    private void SayHolder(HttpContext context)
    {
        if (Holder is not null)
        {
            context.Response.Headers["X-Tidepool-Holder"] = Holder;
        }
    }

    private async Task AnswerAsync(HttpContext context, string name)
    {
        if (name == "server" && Hangs)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        if (name == "server" && TryAnswerGate(context))
        {
            return;
        }

        foreach (var (header, value) in context.Request.Query.Where(pair => pair.Key.StartsWith("answer-", StringComparison.Ordinal)))
        {
            context.Response.Headers.Append(header["answer-".Length..], value);
        }

        if (context.Request.Path.StartsWithSegments("/worker.js", StringComparison.Ordinal))
        {
            context.Response.Headers["Service-Worker-Allowed"] = "/";
            context.Response.Headers["Clear-Site-Data"] = "\"*\"";
        }

        while (context.Request.Path == "/stream" && !context.RequestAborted.IsCancellationRequested)
        {
            await context.Response.WriteAsync("tick\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }

        await context.Response.WriteAsync($"{name}\n{context.Request.Method} {context.Request.Path}{context.Request.QueryString}\n");
        foreach (var header in context.Request.Headers)
        {
            await context.Response.WriteAsync($"{header.Key}: {header.Value}\n");
        }
    }

    private static async Task EchoAsync(HttpContext context)
    {
        foreach (var (header, value) in context.Request.Query.Where(pair => pair.Key.StartsWith("answer-", StringComparison.Ordinal)))
        {
            context.Response.Headers.Append(header["answer-".Length..], value);
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var seen = string.Join(',', context.Request.Headers.Select(h => h.Key));
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(seen), WebSocketMessageType.Text, true, context.RequestAborted);
        var buffer = new byte[1024];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer, context.RequestAborted);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }

                await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
            }
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException)
        {
            // The client has left.
        }
    }
}
