using System.Text.Json.Nodes;
using static Tidepool.Caddy.ConfigParts;

namespace Tidepool.Caddy;

/// <summary>
/// A script of ours in the editor's page: it says that a workspace was stopped, where the editor would only try to reach it. The page
/// asks for its program by an address of its own; that address gives our script, and our script loads the program by the same address with a query.
/// </summary>
internal static class EditorScript
{
    /// <summary>The program of the editor's page, as the pinned code-server names it. Under another name the editor works without our script.</summary>
    private const string Program = @"^/workspace/[a-z0-9-]+/stable-[0-9a-f]+/static/out/vs/code/browser/workbench/workbench\.js$";

    private static readonly string Script = Read();

    public static JsonObject Route()
    {
        var answer = Text(200, Script);
        answer["headers"] = new JsonObject { ["Content-Type"] = Texts("text/javascript; charset=utf-8"), ["Cache-Control"] = Texts("no-cache") };
        return ConfigParts.Route(
            new JsonArray(new JsonObject
            {
                ["method"] = Texts("GET"),
                ["path_regexp"] = new JsonObject { ["pattern"] = Program },
                ["expression"] = "{http.request.uri.query} == ''",
            }),
            answer);
    }

    private static string Read()
    {
        using var reader = new StreamReader(typeof(EditorScript).Assembly.GetManifestResourceStream("editor.js")!);
        return reader.ReadToEnd();
    }
}
