using System.Runtime.InteropServices;
using Tidepool.Core.Lifecycle;
using Tidepool.Core.Routing;

namespace Tidepool.Worker.Hosting;

/// <summary>
/// Brings a new password to Caddy: at the start, on SIGHUP and regularly. The database has no part in it, so that a compromised
/// server, which may write the database, cannot keep an old password in force.
/// </summary>
internal sealed partial class NewPassword(IRouteTable table, LifecycleOptions options, TimeProvider time, ILogger<NewPassword> logger) : BackgroundService
{
    private readonly SemaphoreSlim asked = new(0);

    /// <summary>Sends the password to Caddy once. True if Caddy has the password that is in force.</summary>
    public async Task<bool> TellAsync(CancellationToken cancellationToken)
    {
        try
        {
            await table.RefreshAsync(cancellationToken);
            return true;
        }
        catch (RouteTableException fault)
        {
            LogFailed(fault);
            return false;
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        asked.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            asked.Release();
        });
        while (!stoppingToken.IsCancellationRequested)
        {
            await TellAsync(stoppingToken);
            using var regularly = new CancellationTokenSource(options.RouteInterval, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(regularly.Token, stoppingToken);
            try
            {
                await asked.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                // The regular check.
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The owner's password could not be sent to Caddy; trying again.")]
    private partial void LogFailed(Exception fault);
}
