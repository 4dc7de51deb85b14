namespace Tidepool.Server.Hosting;

/// <summary>Serves the SPA below <c>/app/</c>; any path that is no file is the SPA's own to route.</summary>
internal static class AppHosting
{
    public static void MapApp(this WebApplication app)
    {
        app.MapStaticAssets();
        app.MapGet("/", () => Results.Redirect("/app/")).ExcludeFromDescription();
        app.MapFallbackToFile("/app/{*path:nonfile}", "app/index.html");
    }
}
