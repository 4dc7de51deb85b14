using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Pages;
using Tidepool.Core.Workspaces;
using Tidepool.Server.Hosting;

namespace Tidepool.Server.Pages;

/// <summary>
/// What the browser shows on the workspaces' port while there is no editor, or nothing on a port, to show. The proxy asks for
/// it; it is not reachable from outside by its own address. Where waiting helps, it asks for its own address until something else
/// answers there, and shows that.
/// </summary>
internal static class WorkspacePage
{
    /// <summary>On an answer that is this page. Caddy takes headers of this family off whatever a workspace answers.</summary>
    private const string Header = "X-Tidepool-Page";

    /// <summary>
    /// Says only what has changed, as a page that loads itself again each second would be read aloud each second. Without scripts,
    /// the user loads the page again.
    /// </summary>
    private const string Script = """

        const check = async () => {
          try {
            const answer = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
            if (answer.headers.get("X-Tidepool-Page") !== "waiting") return location.reload();
            const news = new DOMParser().parseFromString(await answer.text(), "text/html");
            document.title = news.title;
            for (const part of ["h1", "p"]) {
              const shown = document.querySelector(part), now = news.querySelector(part);
              if (shown.textContent !== now.textContent) shown.textContent = now.textContent;
            }
          } catch {
            // Tidepool does not answer just now.
          }
          setTimeout(check, 1000);
        };
        setTimeout(check, 1000);

        """;

    private static readonly string ScriptHash = $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Script)))}'";

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
        var app = urls.AppOrigin(request) + "/app/" + (workspace is null ? "" : $"workspaces/{workspace.Name}{Query(workspace, port)}");
        var response = request.HttpContext.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = $"default-src 'none'; style-src 'unsafe-inline'; {(content.Wait ? $"script-src {ScriptHash}; connect-src 'self'; " : "")}base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
        response.Headers[Header] = content.Wait ? "waiting" : "final";
        if (content.Wait)
        {
            response.Headers.RetryAfter = "2";
        }

        var accept = request.Headers.Accept.ToString();
        return accept.Contains("text/html", StringComparison.OrdinalIgnoreCase) ? Results.Content(Render(content, app), "text/html; charset=utf-8", statusCode: content.Status)
            : accept == "application/json" ? Results.Content(Json(content, app), accept, statusCode: content.Status)
            : Results.Text($"{content.Title} {content.Text}\n", "text/plain; charset=utf-8", statusCode: content.Status);
    }

    private static Content Describe(Workspace? workspace, string? name, string? port) => workspace switch
    {
        null => new(404, "There is no such workspace.", $"Nothing here is called '{name}'. It may have been deleted, or the address is mistyped.", false, "See all workspaces"),
        { Desired: DesiredState.Deleted } => new(404, $"{workspace.Name} is being deleted.", "It and its disk will be gone in a moment.", false, "See all workspaces"),
        _ when IsUnregistered(workspace, port) => new(
            404, $"Port {port} of {workspace.Name} is not registered.", "Only registered ports can be opened from outside the workspace. Register it, and this address works.", false, "Register it in Tidepool"),
        { Status: WorkspaceStatus.Error } => new(503, $"{workspace.Name} has a problem.", workspace.Fault?.Message ?? "Its page says more.", false, "Look at it in Tidepool"),
        { Desired: DesiredState.Stopped } => new(503, $"{workspace.Name} is stopped.", "Its files are kept. Start it on its page, and this address works again.", false, "Go to its page"),
        { Status: WorkspaceStatus.Running } when port is not null => new(
            502, $"Nothing answers on port {port} of {workspace.Name} yet.", "This page checks again by itself, and shows what you start there as soon as it listens.", true, "Look at the workspace in Tidepool"),
        { Status: WorkspaceStatus.Running } => new(502, $"{workspace.Name} does not answer.", "It is running, but its editor is not there at the moment. This page checks again by itself.", true, "Look at it in Tidepool"),
        _ => new(503, $"{workspace.Name} is starting.", Step(workspace), true, "Watch it in Tidepool"),
    };

    private static bool IsUnregistered(Workspace workspace, string? port) =>
        port is not null && workspace.Ports.All(p => p.Port.ToString() != port);

    /// <summary>What its page begins with: the port to register, or the button that starts it. A link starts nothing by itself, for any page can have one.</summary>
    private static string Query(Workspace workspace, string? port) =>
        IsUnregistered(workspace, port) ? $"?port={port}" : workspace.Desired == DesiredState.Stopped ? "?start" : "";

    private static string Step(Workspace workspace) =>
        (WorkspaceProgress.From(workspace) is { } p ? $"Step {p.Step} of {p.Of}: {p.Label}. " : "") + "This page opens it by itself.";

    private static string Render(Content content, string app)
    {
        var encode = HtmlEncoder.Default;
        return PlainPage.Html(
            content.Title,
            $"""
            <div role="status">
            <h1>{encode.Encode(content.Title)}</h1>
            <p>{encode.Encode(content.Text)}</p>
            </div>
            <p><a href="{encode.Encode(app)}">{encode.Encode(content.Link)}</a></p>
            """,
            content.Wait ? Script : null);
    }

    /// <summary>For a page that is open already and says it there.</summary>
    private static string Json(Content content, string app) =>
        new JsonObject { ["title"] = content.Title, ["text"] = content.Text, ["link"] = content.Link, ["url"] = app }.ToJsonString();

    private sealed record Content(int Status, string Title, string Text, bool Wait, string Link);
}
