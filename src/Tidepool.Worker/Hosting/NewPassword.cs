using System.Runtime.InteropServices;
using Tidepool.Core.Routing;

namespace Tidepool.Worker.Hosting;

/// <summary>On SIGHUP, Caddy is looked at right away, and with it the password that it lets in.</summary>
internal sealed class NewPassword(RoutePublisher publisher) : IHostedService, IDisposable
{
    private PosixSignalRegistration? hangUp;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _ = publisher.PublishAsync();
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => hangUp?.Dispose();
}
