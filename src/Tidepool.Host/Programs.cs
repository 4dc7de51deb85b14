using Tidepool.Host.Processes;

namespace Tidepool.Host;

/// <summary>Where this Tidepool's other parts are, each of which an environment variable may name instead.</summary>
public sealed record Programs(string Home, string Cli, string Server, string Worker)
{
    public static string Dotnet => Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : Tool.Find("dotnet") ?? "dotnet";

    public string WorkspaceRecipe => Path.Combine(Home, "images", "workspace");

    public static Programs Locate()
    {
        var here = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var beside = Path.GetDirectoryName(here)!;
        return new Programs(
            Given("TIDEPOOL_HOME") ?? FindHome(here),
            Path.Combine(here, "tidepool.dll"),
            Given("TIDEPOOL_SERVER_DLL") ?? Path.Combine(beside, "server", "Tidepool.Server.dll"),
            Given("TIDEPOOL_WORKER_DLL") ?? Path.Combine(beside, "worker", "Tidepool.Worker.dll"));
    }

    private static string? Given(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;

    private static string FindHome(string from)
    {
        for (var directory = from; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "images", "workspace", "build")))
            {
                return directory;
            }
        }

        return from;
    }
}
