using Microsoft.AspNetCore.OpenApi;
using Scalar.AspNetCore;

namespace Tidepool.Server.Hosting;

/// <summary>The API's description, and the page to browse it, which loads nothing from outside.</summary>
internal static class OpenApiDocument
{
    /// <summary>What the framework calls the document where its address names none.</summary>
    public const string Name = "v1";

    public static void Describe(OpenApiOptions options) =>
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Tidepool";
            document.Info.Version = "1";
            document.Info.Description = "Workspaces on a machine of your own. Errors are RFC 9457 problem details with a stable `code`.";
            document.Servers = [];
            return Task.CompletedTask;
        });

    public static void Browse(ScalarOptions options)
    {
        options.Title = "Tidepool API";
        options.OpenApiRoutePattern = "/api/openapi.json";
        options.DefaultFonts = false;
    }
}
