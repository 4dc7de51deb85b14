using System.Globalization;
using System.Text.Json;
using Tidepool.Contracts;
using Tidepool.Core.Storage;
using Tidepool.Server.Hosting;
using Tidepool.Server.Workspaces;

namespace Tidepool.Server.Events;

/// <summary>
/// <c>/api/events</c>: first everything since <c>Last-Event-ID</c> (without one, everything there is), then each change as it
/// comes. The event id is the revision, so nothing is missed over a reconnect; an event may come twice.
/// </summary>
internal static class EventEndpoints
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static void MapEvents(this IEndpointRouteBuilder api) =>
        api.MapGet("/events", StreamAsync).WithTags("Events").WithSummary("Changes as server-sent events: workspace, removed, and a heartbeat every 15 s.")
            .Produces<string>(200, "text/event-stream");

    private static async Task StreamAsync(HttpContext context, ChangeFeed feed, IChangeStore store, WorkspaceUrls urls, TimeProvider time)
    {
        var cancellationToken = context.RequestAborted;
        using var follower = feed.Follow();
        var since = long.TryParse(context.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
        var missed = await store.ReadAsync(since, cancellationToken);
        if (missed.Revision < since)
        {
            // The id comes from an earlier database: begin again.
            missed = await store.ReadAsync(0, cancellationToken);
        }

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        var origin = urls.Origin(context.Request);
        try
        {
            await WriteAsync(context.Response, missed, origin, cancellationToken);
            var last = missed.Revision;
            while (true)
            {
                var more = follower.Changes.WaitToReadAsync(cancellationToken).AsTask();
                while (await Task.WhenAny(more, Task.Delay(Heartbeat, time, cancellationToken)) != more)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await context.Response.WriteAsync("event: heartbeat\ndata: {}\n\n", cancellationToken);
                    await context.Response.Body.FlushAsync(cancellationToken);
                }

                if (!await more)
                {
                    return;
                }

                while (follower.Changes.TryRead(out var changes))
                {
                    if (changes.Revision > last)
                    {
                        last = changes.Revision;
                        await WriteAsync(context.Response, changes, origin, cancellationToken);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The browser has left.
        }
    }

    private static async Task WriteAsync(HttpResponse response, ChangeSet changes, string origin, CancellationToken cancellationToken)
    {
        // Only the last event of a set carries its id: a stream that breaks in the middle resumes before the whole set.
        var events = changes.Changed
            .Select(w => (Name: "workspace", Data: JsonSerializer.Serialize(w.ToResponse(origin), TidepoolJson.Default.WorkspaceResponse)))
            .Concat(changes.Removed.Select(r => (Name: "removed", Data: JsonSerializer.Serialize(new RemovedEvent(r.Id.ToString(), r.Name.Value), TidepoolJson.Default.RemovedEvent))))
            .ToList();
        for (var i = 0; i < events.Count; i++)
        {
            var id = i == events.Count - 1 ? $"id: {changes.Revision}\n" : "";
            await response.WriteAsync($"{id}event: {events[i].Name}\ndata: {events[i].Data}\n\n", cancellationToken);
        }

        await response.Body.FlushAsync(cancellationToken);
    }
}
