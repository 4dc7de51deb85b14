using Tidepool.Core.Storage;

namespace Tidepool.Server.Problems;

/// <summary>Turns whatever would leave the API bare or broken into problem details.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (StoreException fault) when (!context.Response.HasStarted)
        {
            LogDatabaseDown(fault);
            await (fault.IsDiskFull ? Problem.StorageFull() : Problem.DependencyDown("database")).ExecuteAsync(context);
            return;
        }
        catch (BadHttpRequestException fault) when (!context.Response.HasStarted)
        {
            await Problem.Of(fault.StatusCode).ExecuteAsync(context);
            return;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault) when (!context.Response.HasStarted)
        {
            LogUnhandled(context.Request.Method, context.Request.Path, fault);
            await Problem.Of(500).ExecuteAsync(context);
            return;
        }

        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null } && context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            await Problem.Of(context.Response.StatusCode).ExecuteAsync(context);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The database does not answer.")]
    private partial void LogDatabaseDown(Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed.")]
    private partial void LogUnhandled(string method, string path, Exception fault);
}
