using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Tidepool.Testing.StandIns;

/// <summary>
/// Plays the few calls of Incus that Tidepool makes. Machines are entries in a list; what is asked for is done at once, and reported
/// by an operation that has ended, unless <see cref="StandIn.Behaves"/> says otherwise.
/// </summary>
public sealed class StandInIncus : StandIn
{
    /// <summary>The bridge lies on loopback addresses, so that a test can answer for the machines.</summary>
    public const string Subnet = "127.77.1.1/24";

    private const int Running = 103;
    private const int Stopped = 102;
    private readonly ConcurrentDictionary<string, JsonObject> things = new();
    private readonly ConcurrentDictionary<string, byte> operations = new();
    private int made;

    /// <summary>The machines there are, by name, and whether each runs.</summary>
    public IReadOnlyDictionary<string, bool> Machines =>
        Of("instances").ToDictionary(machine => machine["name"]!.GetValue<string>(), machine => machine["status_code"]!.GetValue<int>() == Running);

    /// <summary>How many machines were ever made, those that are gone included.</summary>
    public int Made => made;

    /// <summary>Takes a machine away behind Tidepool's back.</summary>
    public void Lose(string machine) => things.TryRemove("instances/" + machine, out _);

    public void Put(JsonObject machine) => things["instances/" + machine["name"]!.GetValue<string>()] = machine;

    public JsonObject? Look(string machine) => things.GetValueOrDefault("instances/" + machine);

    protected override async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!.TrimStart('/').Split('/');
        switch ((context.Request.Method, path))
        {
            case ("GET", ["1.0"]):
                await SyncAsync(context, new JsonObject { ["environment"] = new JsonObject { ["driver"] = "lxc" } });
                break;
            case ("GET", ["1.0", "operations"]):
                await SyncAsync(context, new JsonObject());
                break;
            case ("GET", ["1.0", "operations", var id, "wait"]) when operations.ContainsKey(id):
                await SyncAsync(context, Operation(id, 200));
                break;
            case ("GET", ["1.0", "operations", ..]):
                await ErrorAsync(context, 404, "Operation not found");
                break;
            case ("GET", ["1.0", "instances", _, "console"]):
                await context.Response.WriteAsync("It booted.\n");
                break;
            case ("PUT", ["1.0", "instances", var name, "state"]):
                await SetStateAsync(context, name);
                break;
            case ("POST", ["1.0", "images"]):
                await context.Request.Body.CopyToAsync(Stream.Null);
                await DoneAsync(context);
                break;
            case ("GET", ["1.0", "images", var fingerprint]):
                await SyncAsync(context, new JsonObject { ["fingerprint"] = fingerprint });
                break;
            case ("POST", ["1.0", var kind]):
                await MakeAsync(context, kind);
                break;
            case ("GET", ["1.0", var kind]):
                await SyncAsync(context, new JsonArray([.. Of(kind)]));
                break;
            case (var method, ["1.0", var kind, var name]):
                await OneAsync(context, method, $"{kind}/{name}");
                break;
            default:
                await ErrorAsync(context, 404, "not found");
                break;
        }
    }

    private IEnumerable<JsonObject> Of(string kind) =>
        things.Where(thing => thing.Key.StartsWith(kind + "/", StringComparison.Ordinal)).OrderBy(thing => thing.Key, StringComparer.Ordinal).Select(thing => (JsonObject)thing.Value.DeepClone());

    private async Task OneAsync(HttpContext context, string method, string key)
    {
        if (!things.TryGetValue(key, out var thing))
        {
            await ErrorAsync(context, 404, key.StartsWith("instances/", StringComparison.Ordinal) ? "Instance not found" : "Not found");
            return;
        }

        switch (method)
        {
            case "DELETE" when thing["status_code"]?.GetValue<int>() == Running:
                await ErrorAsync(context, 400, "The instance is currently running, stop it first or pass --force");
                break;
            case "DELETE":
                things.TryRemove(key, out _);
                await DoneAsync(context);
                break;
            case "PATCH":
                things[key] = Merged(thing, (JsonObject)(await BodyAsync(context))!);
                await DoneAsync(context);
                break;
            default:
                await SyncAsync(context, thing.DeepClone());
                break;
        }
    }

    private async Task MakeAsync(HttpContext context, string kind)
    {
        var wanted = (JsonObject)(await BodyAsync(context))!;
        var key = $"{kind}/{wanted["name"]!.GetValue<string>()}";
        if (kind == "networks")
        {
            wanted["config"]!["ipv4.address"] = Subnet;
        }

        if (kind == "instances")
        {
            Interlocked.Increment(ref made);
            wanted["status_code"] = Stopped;
            wanted["last_used_at"] = "1970-01-01T00:00:00Z";
        }

        if (things.TryAdd(key, wanted))
        {
            await DoneAsync(context);
        }
        else
        {
            await ErrorAsync(context, 409, $"The {kind} entry already exists");
        }
    }

    private async Task SetStateAsync(HttpContext context, string name)
    {
        var action = (await BodyAsync(context))!["action"]!.GetValue<string>();
        if (!things.TryGetValue("instances/" + name, out var machine))
        {
            await ErrorAsync(context, 404, "Instance not found");
            return;
        }

        var changed = (JsonObject)machine.DeepClone();
        var starts = action == "start";
        changed["status_code"] = starts ? Running : Stopped;
        if (starts)
        {
            changed["last_used_at"] = "2030-01-01T00:00:00Z";
        }

        changed["config"]!["volatile.last_state.power"] = starts ? "RUNNING" : "STOPPED";
        changed["state"] = starts ? State(changed) : null;
        things["instances/" + name] = changed;
        await DoneAsync(context);
    }

    private static JsonObject State(JsonObject machine) => new()
    {
        ["network"] = new JsonObject
        {
            ["eth0"] = new JsonObject { ["addresses"] = new JsonArray(new JsonObject { ["family"] = "inet", ["address"] = machine["devices"]?["eth0"]?["ipv4.address"]?.GetValue<string>() }) },
        },
    };

    /// <summary>Adds what is new and replaces what is there, at every depth, as a PATCH does.</summary>
    private static JsonObject Merged(JsonObject thing, JsonObject with)
    {
        var merged = (JsonObject)thing.DeepClone();
        foreach (var (key, value) in with)
        {
            merged[key] = merged[key] is JsonObject inner && value is JsonObject more ? Merged(inner, more) : value?.DeepClone();
            if (value is JsonValue text && text.TryGetValue<string>(out var word) && word.Length == 0)
            {
                merged.Remove(key);
            }
        }

        return merged;
    }

    private Task DoneAsync(HttpContext context)
    {
        var id = Guid.NewGuid().ToString();
        operations[id] = 0;
        return WriteAsync(context, 202, new JsonObject { ["type"] = "async", ["metadata"] = Operation(id, 103) });
    }

    private static JsonObject Operation(string id, int status) =>
        new() { ["id"] = id, ["class"] = "task", ["status_code"] = status, ["description"] = "A piece of work", ["err"] = "" };

    private static Task SyncAsync(HttpContext context, JsonNode metadata) =>
        WriteAsync(context, 200, new JsonObject { ["type"] = "sync", ["metadata"] = metadata });

    private static Task ErrorAsync(HttpContext context, int status, string error) =>
        WriteAsync(context, status, new JsonObject { ["type"] = "error", ["error_code"] = status, ["error"] = error, ["metadata"] = string.Create(CultureInfo.InvariantCulture, $"{status}") });
}
