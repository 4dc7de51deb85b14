using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Core.Routing;
using Tidepool.Host.Files;
using Tidepool.Host.State;

namespace Tidepool.Caddy;

/// <summary>
/// Brings Caddy to the wanted configuration. Each check reads what Caddy really has: it may have been restarted. Where only the
/// workspaces' routes differ, they are replaced in one step; where anything else does, everything is.
/// </summary>
internal sealed partial class CaddyRouteTable(CaddyAdmin admin, IOptions<CaddyOptions> options, ILogger<CaddyRouteTable> logger) : IRouteTable, IDisposable
{
    private const int Tries = 4;

    /// <summary>Of a configuration that is larger than this and twice the wanted one nothing is kept.</summary>
    private const int LeastRead = 1 << 20;
    private readonly SemaphoreSlim oneWriter = new(1);
    private string? written;

    public Task<bool> ApplyAsync(IReadOnlyList<WorkspaceRoute> wanted, CancellationToken cancellationToken) =>
        ApplyAsync(() => Render(wanted), cancellationToken);

    public Task<bool> RefreshAsync(CancellationToken cancellationToken) => ApplyAsync(
        () =>
        {
            var config = Render([]);
            if (RoutesOfFile() is { } routes)
            {
                CaddyConfig.ReplaceWorkspaceRoutes(config, routes);
            }

            return config;
        },
        cancellationToken);

    public void Dispose() => oneWriter.Dispose();

    private JsonObject Render(IReadOnlyList<WorkspaceRoute> wanted)
    {
        var credentials = Credentials();
        return CaddyConfig.Render(options.Value, credentials, Secrets.Ensure(options.Value, credentials), wanted);
    }

    /// <summary>The routes that were applied last, also by an earlier worker; null where there is no file, or none that makes sense.</summary>
    private JsonArray? RoutesOfFile()
    {
        try
        {
            return CaddyConfig.WorkspaceRoutesOf(JsonNode.Parse(File.ReadAllText(options.Value.ConfigFile)))?.DeepClone() as JsonArray;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private async Task<bool> ApplyAsync(Func<JsonObject> render, CancellationToken cancellationToken)
    {
        await oneWriter.WaitAsync(cancellationToken);
        try
        {
            var config = render();
            var text = config.ToJsonString();

            // First the file: Caddy may not run yet, and starts with what stands here.
            WriteFile(text);
            return await ApplyAsync(config, Math.Max(LeastRead, 2 * text.Length), cancellationToken);
        }
        finally
        {
            oneWriter.Release();
        }
    }

    /// <param name="config">What Caddy is to have.</param>
    /// <param name="most">How many characters of what it has are read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task<bool> ApplyAsync(JsonObject config, int most, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (current, tag) = await admin.ReadAsync(most, cancellationToken);
            if (Holds(() => JsonNode.DeepEquals(current, config)))
            {
                return false;
            }

            try
            {
                if (!Holds(() => DiffersOnlyInRoutes(current, config)))
                {
                    LogLoaded();
                    await admin.LoadAsync(config, cancellationToken);
                    return true;
                }

                if (await admin.ReplaceAsync(CaddyConfig.WorkspaceRoutesPath, CaddyConfig.WorkspaceRoutesOf(config)!, tag, cancellationToken))
                {
                    return true;
                }
            }
            catch (RouteTableException fault) when (attempt < Tries)
            {
                // A reload closes the admin connection now and then after it did what it was asked: check the result.
                LogAgain(fault);
            }

            if (attempt == Tries)
            {
                throw new RouteTableException("Caddy's configuration keeps changing under us: something else writes to its admin API.");
            }
        }
    }

    /// <summary>Of what makes no sense nothing holds: it is replaced whole.</summary>
    private static bool Holds(Func<bool> claim)
    {
        try
        {
            return claim();
        }
        catch (Exception fault) when (fault is InvalidOperationException or ArgumentException or FormatException)
        {
            return false;
        }
    }

    private static bool DiffersOnlyInRoutes(JsonNode? current, JsonObject wanted)
    {
        if (CaddyConfig.WorkspaceRoutesOf(current) is not JsonArray)
        {
            return false;
        }

        var without = current!.DeepClone();
        CaddyConfig.ReplaceWorkspaceRoutes(without, (JsonArray)CaddyConfig.WorkspaceRoutesOf(wanted)!.DeepClone());
        return JsonNode.DeepEquals(without, wanted);
    }

    private CredentialOptions Credentials()
    {
        try
        {
            return options.Value.Credentials();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new RouteTableException("The password file cannot be read; `tidepool password` writes a new one.", fault);
        }
    }

    private void WriteFile(string text)
    {
        if (text == written && File.Exists(options.Value.ConfigFile))
        {
            return;
        }

        try
        {
            var path = options.Value.ConfigFile;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DurableFiles.WriteUnsynced(path, Encoding.UTF8.GetBytes(text), StateDirectory.GroupFile);
            written = text;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Caddy itself still gets the routes; only a restart without the worker would serve older ones.
            LogNotWritten(fault);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Caddy's whole configuration was loaded.")]
    private partial void LogLoaded();

    [LoggerMessage(Level = LogLevel.Information, Message = "A change to Caddy was cut off; checking its result.")]
    private partial void LogAgain(Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Caddy's configuration file could not be written.")]
    private partial void LogNotWritten(Exception fault);
}
