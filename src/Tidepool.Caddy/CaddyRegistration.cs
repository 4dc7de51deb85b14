using Microsoft.Extensions.DependencyInjection;
using Tidepool.Core.Accesses;
using Tidepool.Core.Routing;
using Tidepool.Host.Sockets;

namespace Tidepool.Caddy;

/// <summary>Registers the route table that Caddy serves, and its record of which workspaces were used.</summary>
public static class CaddyRegistration
{
    /// <summary>Caddy's whole configuration is then written by this process, and by no other.</summary>
    public static IServiceCollection AddCaddyRoutes(this IServiceCollection services, Action<CaddyOptions> configure)
    {
        services.AddOptions<CaddyOptions>().Configure(configure)
            .Validate(o => SocketPath.WhyNot(o.AdminSocket) is null && SocketPath.WhyNot(o.ServerSocket) is null, $"Caddy's and the server's sockets need absolute paths of at most {SocketPath.LongestBytes} bytes.")
            .Validate(o => Path.IsPathFullyQualified(o.AccessLogFile), "Caddy's access log needs an absolute path.")
            .Validate(o => Path.IsPathFullyQualified(o.ProxySecretFile) && Path.IsPathFullyQualified(o.SessionKeyFile), "The secret that Caddy and the server share and the key of the sessions need absolute paths.")
            .Validate(o => o.ApiPort is > 0 and <= 65535 && o.WorkspacePort is > 0 and <= 65535 && o.ApiPort != o.WorkspacePort, "ApiPort and WorkspacePort are two different ports from 1 to 65535.");
        services.AddSingleton<IAccessLog, CaddyAccessLog>();
        services.AddSingleton<CaddyAdmin>();
        services.AddSingleton<IRouteTable, CaddyRouteTable>();
        return services;
    }
}
