using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tidepool.Core.Ports;
using Tidepool.Core.Routing;
using Tidepool.Core.Workspaces;

namespace Tidepool.Caddy.Tests;

public sealed class CaddyConfigTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly CaddyOptions Options = new() { AdminSocket = "/state/run/caddy-admin.sock", ServerSocket = "/state/run/server.sock", OpenGateSocket = "/state/run/open-gate.sock", SessionTokenFile = "/state/session-token", AccessLogFile = "/state/caddy/access.log" };

    [Fact]
    public void The_configuration_is_as_reviewed()
    {
        var port = new PortRoute(PortNumber.Parse(3000), StripPrefix: true);
        WorkspaceRoute[] routes =
        [
            new(WorkspaceName.Parse("alice"), IPAddress.Parse("10.80.0.2"), [port, new PortRoute(PortNumber.Parse(5173), StripPrefix: false)]),
            new(WorkspaceName.Parse("bob"), IPAddress.Parse("10.80.0.3"), []),
        ];
        var rendered = CaddyConfig.Render(Options, new CredentialOptions("tidepool", "HASH"), routes).ToJsonString(Indented) + "\n";
        var golden = Path.Combine(AppContext.BaseDirectory, "Golden", "caddy.json");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") is { Length: > 0 } folder)
        {
            File.WriteAllText(Path.Combine(folder, "caddy.json"), rendered);
        }

        Assert.Equal(File.ReadAllText(golden), rendered);
    }

    [Fact]
    public void No_two_routes_share_an_id_whatever_the_names()
    {
        var port = new PortRoute(PortNumber.Parse(3000), StripPrefix: true);
        string[] names = ["alice", "alice-port-3000", "port-3000", "port-3000-alice", "workspace-alice", "port-3000-workspace-alice"];
        var config = CaddyConfig.Render(
            Options, new CredentialOptions("tidepool", "HASH"), [.. names.Select(n => new WorkspaceRoute(WorkspaceName.Parse(n), IPAddress.Parse("10.80.0.2"), [port]))]);
        var ids = Ids(config).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    private static IEnumerable<string> Ids(JsonNode? node) => node switch
    {
        JsonObject o => (o["@id"] is { } id ? [id.GetValue<string>()] : Enumerable.Empty<string>()).Concat(o.SelectMany(p => Ids(p.Value))),
        JsonArray a => a.SelectMany(Ids),
        _ => [],
    };
}
