using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tidepool.Host.Sockets;

namespace Tidepool.Bench;

/// <summary>
/// The baseline: the same machine made by the fewest calls to the same Incus, with the configuration that Tidepool gave one of
/// its own.
/// </summary>
internal sealed class BareIncus : IDisposable
{
    /// <summary>More than the longest wait for an operation.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(100);
    private readonly HttpClient http;
    private readonly HttpClient direct = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromMilliseconds(250) }) { Timeout = TimeSpan.FromSeconds(2) };
    private readonly string project;
    private JsonObject? template;

    public BareIncus(string state)
    {
        using var settings = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(state, "settings.json")));
        var incus = settings.RootElement.GetProperty("Tidepool").GetProperty("Incus");
        var socketPath = incus.GetProperty("Socket").GetString()!;
        project = incus.GetProperty("Project").GetString()!;
        http = UnixHttp.Client(socketPath, "http://incus/", CallTimeout);
    }

    /// <summary>Learns image and network of this Tidepool, to make the same kind of machine.</summary>
    public async Task LearnAsync()
    {
        var images = await CallAsync(HttpMethod.Get, "1.0/images?recursion=1", null);
        var fingerprint = images.EnumerateArray().First().GetProperty("fingerprint").GetString();
        var networks = await CallAsync(HttpMethod.Get, "1.0/networks?recursion=1", null);
        var bridge = networks.EnumerateArray().First(n => n.GetProperty("managed").GetBoolean());
        var network = bridge.GetProperty("name").GetString();

        // Its DHCP server knows no address for machines that were given none.
        var gateway = bridge.GetProperty("config").GetProperty("ipv4.address").GetString()!.Split('/')[0];
        var address = gateway[..(gateway.LastIndexOf('.') + 1)] + "250";
        var pool = (await CallAsync(HttpMethod.Get, "1.0/storage-pools?recursion=1", null)).EnumerateArray().First().GetProperty("name").GetString();
        template = new JsonObject
        {
            ["type"] = "container",
            ["profiles"] = new JsonArray(),
            ["config"] = new JsonObject { ["limits.cpu"] = "2", ["limits.memory"] = "4096MiB", ["security.guestapi"] = "false", ["security.idmap.isolated"] = "true" },
            ["devices"] = new JsonObject
            {
                ["root"] = new JsonObject { ["type"] = "disk", ["path"] = "/", ["pool"] = pool, ["size"] = "20GiB" },
                ["eth0"] = new JsonObject
                {
                    ["type"] = "nic",
                    ["name"] = "eth0",
                    ["network"] = network,
                    ["ipv4.address"] = address,
                    ["security.port_isolation"] = "true",
                    ["security.mac_filtering"] = "true",
                    ["security.ipv4_filtering"] = "true",
                    ["security.ipv6_filtering"] = "true",
                },
            },
            ["source"] = new JsonObject { ["type"] = "image", ["fingerprint"] = fingerprint },
        };
    }

    /// <summary>Create, start, address, editor: each part's time.</summary>
    public async Task<(TimeSpan Create, TimeSpan Start, TimeSpan Address, TimeSpan Editor)> RunAsync(string name)
    {
        var body = template!.DeepClone().AsObject();
        body["name"] = name;
        var t0 = TimeProvider.System.GetTimestamp();
        await OperateAsync(HttpMethod.Post, "1.0/instances", body);
        var create = TimeProvider.System.GetElapsedTime(t0);
        await OperateAsync(HttpMethod.Put, $"1.0/instances/{name}/state", new JsonObject { ["action"] = "start", ["timeout"] = 30 });
        var start = TimeProvider.System.GetElapsedTime(t0);
        var address = await Poll.UntilAsync(() => AddressAsync(name));
        var addressed = TimeProvider.System.GetElapsedTime(t0);
        await Poll.UntilAsync(async () =>
        {
            using var answer = await direct.GetAsync(new Uri($"http://{address}:8080/healthz"));
            return answer.IsSuccessStatusCode ? "yes" : null;
        });
        var editor = TimeProvider.System.GetElapsedTime(t0);
        return (create, start - create, addressed - start, editor - addressed);
    }

    public async Task RemoveAsync(string name)
    {
        await OperateAsync(HttpMethod.Put, $"1.0/instances/{name}/state", new JsonObject { ["action"] = "stop", ["force"] = true, ["timeout"] = 30 });
        await OperateAsync(HttpMethod.Delete, $"1.0/instances/{name}", null);
    }

    public void Dispose()
    {
        http.Dispose();
        direct.Dispose();
    }

    private async Task<string?> AddressAsync(string name)
    {
        var state = await CallAsync(HttpMethod.Get, $"1.0/instances/{name}/state", null);
        return state.TryGetProperty("network", out var network) && network.ValueKind == JsonValueKind.Object && network.TryGetProperty("eth0", out var nic)
            ? nic.GetProperty("addresses").EnumerateArray().Where(a => a.GetProperty("family").GetString() == "inet").Select(a => a.GetProperty("address").GetString()).FirstOrDefault()
            : null;
    }

    private async Task OperateAsync(HttpMethod method, string path, JsonNode? body)
    {
        var operation = await CallAsync(method, path, body);
        var ended = await CallAsync(HttpMethod.Get, $"1.0/operations/{operation.GetProperty("id").GetString()}/wait?timeout=60", null);
        if (ended.GetProperty("status_code").GetInt32() != 200)
        {
            throw new InvalidOperationException(ended.GetProperty("err").GetString());
        }
    }

    private async Task<JsonElement> CallAsync(HttpMethod method, string path, JsonNode? body)
    {
        using var request = new HttpRequestMessage(method, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}project={project}");
        request.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.GetProperty("type").GetString() == "error"
            ? throw new InvalidOperationException(document.RootElement.GetProperty("error").GetString())
            : document.RootElement.GetProperty("metadata").Clone();
    }
}
