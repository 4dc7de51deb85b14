using Microsoft.Extensions.Options;
using Tidepool.Core.Ports;
using Tidepool.Core.Workspaces;

namespace Tidepool.Server.Hosting;

/// <summary>
/// Makes addresses that work from where the request came: the host that the browser used, with the workspaces' port.
/// The forwarded headers can be believed, for only the proxy and the owner can open the server's socket.
/// </summary>
internal sealed class WorkspaceUrls(IOptions<TidepoolOptions> options)
{
    public string Origin(HttpRequest request)
    {
        var forwarded = request.Headers["X-Forwarded-Host"].ToString();
        var host = forwarded.Length > 0 ? new HostString(forwarded) : request.Host;
        var scheme = request.Headers["X-Forwarded-Proto"].ToString() is "https" ? "https" : "http";
        var name = host.Host.Length > 0 ? host.Host : "localhost";
        return $"{scheme}://{name}:{options.Value.WorkspacePort}";
    }

    public string AppOrigin(HttpRequest request)
    {
        var origin = new UriBuilder(Origin(request)) { Port = options.Value.ApiPort };
        return origin.Uri.GetLeftPart(UriPartial.Authority);
    }

    public static string Editor(string origin, WorkspaceName name) => $"{origin}/workspace/{name}/";

    public static string Port(string origin, WorkspaceName name, PortNumber port) => $"{origin}/workspace/{name}/port/{port}/";
}
