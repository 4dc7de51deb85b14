using System.Text.Json.Nodes;

namespace Tidepool.Caddy;

/// <summary>The small parts that Caddy's configuration is made of.</summary>
internal static class ConfigParts
{
    /// <summary>More than any program answers in its headers. Caddy keeps what it reads in memory.</summary>
    private const int MaxResponseHeaderBytes = 256 << 10;

    // Without it, every change of a route closes all WebSockets.
    private const string StreamCloseDelay = "24h";

    /// <summary>Handlers for what matches; what matches goes no further down the list.</summary>
    public static JsonObject Route(JsonArray? match, params JsonObject[] handlers)
    {
        var route = new JsonObject();
        if (match is not null)
        {
            route["match"] = match;
            route["terminal"] = true;
        }

        route["handle"] = new JsonArray([.. handlers]);
        return route;
    }

    /// <summary>Handlers for what matches, after which the list goes on.</summary>
    public static JsonObject Step(JsonObject match, JsonObject handler) => new() { ["match"] = new JsonArray(match), ["handle"] = new JsonArray(handler) };

    public static JsonArray Path(params string[] paths) => new(new JsonObject { ["path"] = Texts(paths) });

    public static JsonArray PathExpression(string pattern) => new(new JsonObject { ["path_regexp"] = new JsonObject { ["name"] = "page", ["pattern"] = pattern } });

    public static JsonObject HasHeader(string name) => new() { ["header_regexp"] = new JsonObject { [name] = new JsonObject { ["pattern"] = "." } } };

    public static JsonObject Both(JsonObject match, JsonObject more)
    {
        var both = (JsonObject)match.DeepClone();
        foreach (var (key, value) in more)
        {
            both[key] = value?.DeepClone();
        }

        return both;
    }

    /// <summary>In an error's routes: whether its status is one of these. An error without a status, such as a body that cannot be read, is none.</summary>
    public static JsonObject FailedWith(string statuses) =>
        new() { ["vars_regexp"] = new JsonObject { ["{http.error.status_code}"] = new JsonObject { ["pattern"] = $"^(?:{statuses})$" } } };

    public static JsonObject Not(JsonObject match) => new() { ["not"] = new JsonArray(match) };

    /// <summary>Whether a variable of this request has one of these values.</summary>
    public static JsonObject Is(string variable, params string[] values) => new() { ["vars"] = new JsonObject { [variable] = Texts(values) } };

    public static JsonObject Set(string variable, string value) => new() { ["handler"] = "vars", [variable] = value };

    public static JsonObject Proxy(string upstream, JsonObject headers) => new()
    {
        ["handler"] = "reverse_proxy",
        ["upstreams"] = new JsonArray(new JsonObject { ["dial"] = upstream }),

        // A proxy that the machine's environment names is for the way out, never for the way to a workspace.
        ["transport"] = new JsonObject { ["protocol"] = "http", ["dial_timeout"] = "2s", ["max_response_header_size"] = MaxResponseHeaderBytes, ["network_proxy"] = new JsonObject { ["from"] = "none" } },
        ["stream_close_delay"] = StreamCloseDelay,
        ["flush_interval"] = -1,
        ["headers"] = headers,
    };

    /// <summary>Removes every header in which a client states its identity.</summary>
    public static JsonObject CleanIdentity() => new()
    {
        ["handler"] = "headers",
        ["request"] = new JsonObject { ["delete"] = Texts("X-Tidepool-*") },
    };

    public static JsonObject Text(int status, string text) => new() { ["handler"] = "static_response", ["status_code"] = status, ["body"] = text };

    public static JsonObject Replacement(string pattern, string text) => new() { ["search_regexp"] = pattern, ["replace"] = text };

    public static JsonArray Texts(params string[] texts) => new([.. texts.Select(text => (JsonNode)text)]);

    public static string Unix(string path) => "unix/" + path;
}
