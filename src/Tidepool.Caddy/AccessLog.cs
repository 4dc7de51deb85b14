using System.Text.Json.Nodes;
using Tidepool.Core.Workspaces;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>
/// The parts of Caddy's configuration that have it record when which workspace was used. A line is a time and a name: no
/// address, no header, no path. A request that was refused, or not answered, leaves no line at all.
/// </summary>
internal static class AccessLog
{
    private const string Name = "workspaces";
    private const string Logger = "http.log.access." + Name;
    private const int RollSizeMiB = 1;

    private static readonly string[] Unwanted = ["request", "resp_headers", "bytes_read", "user_id", "duration", "size", "status"];

    public static JsonObject Logging(CaddyOptions options) => new()
    {
        ["logs"] = new JsonObject
        {
            ["default"] = new JsonObject { ["level"] = "WARN", ["exclude"] = Texts(Logger) },
            [Name] = new JsonObject
            {
                ["level"] = "INFO",
                ["include"] = Texts(Logger),
                ["writer"] = new JsonObject
                {
                    ["output"] = "file",
                    ["filename"] = options.AccessLogFile,
                    ["mode"] = "0600",
                    ["roll_size_mb"] = RollSizeMiB,
                    ["roll_keep"] = 1,
                    // What is rolled is still read once.
                    ["roll_gzip"] = false,
                },
                ["encoder"] = new JsonObject
                {
                    ["format"] = "filter",
                    ["wrap"] = new JsonObject { ["format"] = "json", ["message_key"] = "", ["level_key"] = "", ["name_key"] = "" },
                    ["fields"] = new JsonObject(Unwanted.Select(field => KeyValuePair.Create<string, JsonNode?>(field, new JsonObject { ["filter"] = "delete" }))),
                },
            },
        },
    };

    public static JsonObject OfServer() => new() { ["default_logger_name"] = Name };

    /// <summary>Whether a request that passes here leaves no line; the last such handler on its way counts.</summary>
    public static JsonObject Skip(bool skip) => new() { ["handler"] = "vars", ["log_skip"] = skip };

    public static JsonObject Note(WorkspaceName workspace) => new() { ["handler"] = "log_append", ["key"] = "workspace", ["value"] = workspace.Value };
}
