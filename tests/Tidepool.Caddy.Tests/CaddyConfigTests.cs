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

    private static readonly CaddyOptions Options = new() { HasIPv6 = true, AdminSocket = "/state/run/caddy-admin.sock", ServerSocket = "/state/run/server.sock", HostNames = ["pool.example.org"], AccessLogFile = "/state/caddy/access.log" };

    [Fact]
    public void The_configuration_is_as_reviewed()
    {
        var port = new PortRoute(PortNumber.Parse(3000), StripPrefix: true);
        WorkspaceRoute[] routes =
        [
            new(WorkspaceName.Parse("alice"), IPAddress.Parse("10.80.0.2"), [port, new PortRoute(PortNumber.Parse(5173), StripPrefix: false)]),
            new(WorkspaceName.Parse("bob"), IPAddress.Parse("10.80.0.3"), []),
        ];
        var rendered = CaddyConfig.Render(Options, new CredentialOptions("tidepool", "HASH"), new Secrets("PROXY-SECRET", "SESSION-TOKEN"), routes).ToJsonString(Indented) + "\n";
        var golden = Path.Combine(AppContext.BaseDirectory, "Golden", "caddy.json");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") is { Length: > 0 } folder)
        {
            File.WriteAllText(Path.Combine(folder, "caddy.json"), rendered);
        }

        Assert.Equal(File.ReadAllText(golden), rendered);
    }

    [Theory]
    [InlineData("127.0.0.1", true, "127.0.0.1:8080", "[::1]:8080")]
    [InlineData("127.0.0.1", false, "127.0.0.1:8080")]
    [InlineData("::1", true, "127.0.0.1:8080", "[::1]:8080")]
    [InlineData("0:0:0:0:0:0:0:1", true, "127.0.0.1:8080", "[::1]:8080")]
    [InlineData("::ffff:127.0.0.1", true, "127.0.0.1:8080", "[::1]:8080")]
    [InlineData("192.168.1.5", true, "127.0.0.1:8080", "[::1]:8080", "192.168.1.5:8080")]
    [InlineData("fd00::5", true, "127.0.0.1:8080", "[::1]:8080", "[fd00::5]:8080")]
    [InlineData("0.0.0.0", true, "127.0.0.1:8080", "[::1]:8080", "0.0.0.0:8080")]
    [InlineData("::", true, "127.0.0.1:8080", "[::1]:8080", "[::]:8080")]
    public void Caddy_listens_on_both_loopbacks_whatever_address_the_owner_names(string listen, bool hasIPv6, params string[] addresses)
    {
        var options = new CaddyOptions { Listen = listen, HasIPv6 = hasIPv6 };
        var servers = CaddyConfig.Render(options, new CredentialOptions("tidepool", "HASH"), new Secrets("PROXY-SECRET", "SESSION-TOKEN"), [])["apps"]!["http"]!["servers"]!;
        Assert.Equal(addresses, servers["api"]!["listen"]!.AsArray().Select(address => address!.GetValue<string>()));
        Assert.Equal(addresses.Select(address => address.Replace(":8080", ":8081", StringComparison.Ordinal)), servers["workspaces"]!["listen"]!.AsArray().Select(address => address!.GetValue<string>()));
    }

    [Fact]
    public void No_two_routes_share_an_id_whatever_the_names()
    {
        var port = new PortRoute(PortNumber.Parse(3000), StripPrefix: true);
        string[] names = ["alice", "alice-port-3000", "port-3000", "port-3000-alice", "workspace-alice", "port-3000-workspace-alice"];
        var config = CaddyConfig.Render(
            Options, new CredentialOptions("tidepool", "HASH"), new Secrets("PROXY-SECRET", "SESSION-TOKEN"), [.. names.Select(n => new WorkspaceRoute(WorkspaceName.Parse(n), IPAddress.Parse("10.80.0.2"), [port]))]);
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
