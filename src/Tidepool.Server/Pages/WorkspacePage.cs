using System.Text.Encodings.Web;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Hosting;

namespace Tidepool.Server.Pages;

/// <summary>
/// What the browser shows on the workspaces' port while there is no editor, or nothing on a port, to show. The proxy asks for
/// it; it is not reachable from outside by its own address. It reloads itself where waiting helps.
/// </summary>
internal static class WorkspacePage
{
    public static void MapWorkspacePage(this IEndpointRouteBuilder routes)
    {
        routes.Map("/workspace-page/{name?}", (HttpRequest request, string? name, Workspaces.WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken) =>
            ShowAsync(request, name, null, commands, urls, cancellationToken)).ExcludeFromDescription();
        routes.Map("/workspace-page/{name}/port/{port}", (HttpRequest request, string name, string port, Workspaces.WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken) =>
            ShowAsync(request, name, port, commands, urls, cancellationToken)).ExcludeFromDescription();
    }

    private static async Task<IResult> ShowAsync(
        HttpRequest request, string? name, string? port, Workspaces.WorkspaceCommands commands, WorkspaceUrls urls, CancellationToken cancellationToken)
    {
        var workspace = WorkspaceName.TryParse(name, out _) ? await commands.FindAsync(name!, cancellationToken) : null;
        var content = Describe(workspace, name, port);
        var app = urls.AppOrigin(request) + "/app/" + (workspace is null ? "" : $"workspaces/{workspace.Name}{(IsUnregistered(workspace, port) ? $"?port={port}" : "")}");
        var response = request.HttpContext.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'";
        if (content.Reload)
        {
            response.Headers.RetryAfter = "2";
        }

        var wantsHtml = request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        return wantsHtml
            ? Results.Content(Render(content, app), "text/html; charset=utf-8", statusCode: content.Status)
            : Results.Text($"{content.Title} {content.Text}\n", "text/plain; charset=utf-8", statusCode: content.Status);
    }

    private static Content Describe(Workspace? workspace, string? name, string? port) => workspace switch
    {
        null => new(404, "There is no such workspace.", $"Nothing here is called '{name}'. It may have been deleted, or the address is mistyped.", false, "See all workspaces"),
        { Desired: DesiredState.Deleted } => new(404, $"{workspace.Name} is being deleted.", "It and its disk will be gone in a moment.", false, "See all workspaces"),
        _ when IsUnregistered(workspace, port) => new(
            404, $"Port {port} of {workspace.Name} is not registered.", "Only registered ports can be opened from outside the workspace. Register it, and this address works.", false, "Register it in Tidepool"),
        { Status: WorkspaceStatus.Error } => new(503, $"{workspace.Name} has a problem.", workspace.Fault?.Message ?? "Its page says more.", false, "Look at it in Tidepool"),
        { Desired: DesiredState.Stopped } => new(503, $"{workspace.Name} is stopped.", "Its files are kept. Start it, and this address works again.", false, "Start it in Tidepool"),
        { Status: WorkspaceStatus.Running } when port is not null => new(
            502, $"Nothing answers on port {port} of {workspace.Name} yet.", "This page checks again by itself, and shows what you start there as soon as it listens.", true, "Look at the workspace in Tidepool"),
        { Status: WorkspaceStatus.Running } => new(502, $"{workspace.Name} does not answer.", "It is running, but its editor is not there at the moment. This page checks again by itself.", true, "Look at it in Tidepool"),
        _ => new(503, $"{workspace.Name} is starting.", Step(workspace), true, "Watch it in Tidepool"),
    };

    private static bool IsUnregistered(Workspace workspace, string? port) =>
        port is not null && workspace.Ports.All(p => p.Port.ToString() != port);

    private static string Step(Workspace workspace) =>
        (WorkspaceProgress.From(workspace) is { } p ? $"Step {p.Step} of {p.Of}: {p.Label}. " : "") + "This page opens it by itself.";

    private static string Render(Content content, string app)
    {
        var encode = HtmlEncoder.Default;
        var reload = content.Reload ? """<meta http-equiv="refresh" content="1">""" : "";
        return $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{{reload}}
            <title>{{encode.Encode(content.Title)}} · Tidepool</title>
            <style>
            :root { color-scheme: light dark; }
            body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1rem/1.6 system-ui, sans-serif; background: Canvas; color: CanvasText; }
            main { max-width: 34rem; padding: 2rem; }
            h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
            a { color: LinkText; }
            </style>
            </head>
            <body><main role="status">
            <h1>{{encode.Encode(content.Title)}}</h1>
            <p>{{encode.Encode(content.Text)}}</p>
            <p><a href="{{encode.Encode(app)}}">{{encode.Encode(content.Link)}}</a></p>
            </main></body>
            </html>
            """;
    }

    private sealed record Content(int Status, string Title, string Text, bool Reload, string Link);
}
