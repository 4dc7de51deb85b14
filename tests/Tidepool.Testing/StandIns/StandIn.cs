using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Tidepool.Testing.StandIns;

/// <summary>Plays a daemon's REST API on a Unix socket, honestly or as <see cref="Behaves"/> says.</summary>
public abstract class StandIn : IAsyncDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("tp-stand-in-");
    private WebApplication? app;
    private int connections;

    public string Socket => Path.Combine(directory.FullName, "api.sock");

    /// <summary>What becomes of each request; may be changed at any moment.</summary>
    public Misbehaviour Behaves { get; set; } = Misbehaviours.Not;

    /// <summary>How many connections are open now.</summary>
    public int Connections => connections;

    /// <summary>What was asked for so far, honestly answered or not: method and path.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Listens. May be called again after <see cref="StopAsync"/>; what it knew it still knows.</summary>
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.ListenUnixSocket(Socket, Count);
        });
        app = builder.Build();
        app.Run(TakeAsync);
        await app.StartAsync();
    }

    /// <summary>Refuses connections from now on, and cuts off those that there are.</summary>
    public async Task StopAsync()
    {
        if (app is not null)
        {
            using var atOnce = new CancellationTokenSource();
            await atOnce.CancelAsync();
            await app.StopAsync(atOnce.Token);
            await app.DisposeAsync();
            app = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await StopAsync();
        directory.Delete(recursive: true);
    }

    /// <summary>The honest answer.</summary>
    protected abstract Task AnswerAsync(HttpContext context);

    protected static async Task<JsonNode?> BodyAsync(HttpContext context) =>
        context.Request.ContentLength is null or 0 ? null : await JsonNode.ParseAsync(context.Request.Body);

    protected static Task WriteAsync(HttpContext context, int status, JsonNode? body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body?.ToJsonString(JsonSerializerOptions.Web) ?? "null", context.RequestAborted);
    }

    private void Count(ListenOptions listen) =>
        listen.Use(next => async connection =>
        {
            Interlocked.Increment(ref connections);
            try
            {
                await next(connection);
            }
            finally
            {
                Interlocked.Decrement(ref connections);
            }
        });

    private Task TakeAsync(HttpContext context)
    {
        Requests.Enqueue($"{context.Request.Method} {context.Request.Path}");
        return Behaves(context, AnswerAsync);
    }
}
