using Tidepool.Core.Runtime;
using Tidepool.Host.Images;

namespace Tidepool.Worker.Health;

/// <summary>Prepares the runtime with the newest image before the first machine is needed, and reports its health.</summary>
internal sealed partial class RuntimeLoop(
    IWorkspaceRuntime runtime, IImageCatalog images, HealthReporter health, TimeProvider time, ILogger<RuntimeLoop> logger) : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private bool prepared;
    private string? imported;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // What a former life reported says nothing about this one.
        await ReportAsync(false, "It is being made ready.", stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            var check = CheckAsync(stoppingToken);
            while (await Task.WhenAny(check, Task.Delay(PollInterval, time, stoppingToken)) != check)
            {
                // A runtime that hangs is reported as such, so that it is not taken for a worker that is down.
                stoppingToken.ThrowIfCancellationRequested();
                await ReportAsync(false, imported is null ? "It is being made ready." : "It has not answered for a while.", stoppingToken);
            }

            var (healthy, detail) = await check;
            await ReportAsync(healthy, detail, stoppingToken);
            await Task.Delay(healthy ? PollInterval : RetryInterval, time, stoppingToken);
        }
    }

    private async Task<(bool Healthy, string? Detail)> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!prepared)
            {
                await runtime.PrepareAsync(cancellationToken);
                prepared = true;
            }

            var image = images.Find(ImageCatalog.DefaultImage);
            if (image is not null && image.Hash != imported)
            {
                await runtime.ImportImageAsync(image, cancellationToken);
                imported = image.Hash;
            }

            return (true, Describe(await runtime.GetCapabilitiesAsync(cancellationToken), image));
        }
        catch (RuntimeException fault)
        {
            LogUnhealthy(fault);
            return (false, fault.Message);
        }
    }

    private async Task ReportAsync(bool healthy, string? detail, CancellationToken cancellationToken)
    {
        await health.ReportAsync("worker", true, null, cancellationToken);
        await health.ReportAsync("runtime", healthy, detail, cancellationToken);
    }

    private static string Describe(RuntimeCapabilities capabilities, RuntimeImage? image)
    {
        var isolation = capabilities.Isolation switch
        {
            Isolation.VirtualMachine => "Workspaces are virtual machines: each has a kernel of its own.",
            Isolation.EmulatedMachine => "Workspaces are virtual machines in software emulation: each has a kernel of its own, and is slow.",
            Isolation.Container => "Workspaces are containers: they share the host's kernel.",
        };
        return image is null ? isolation + " The workspace image was not built yet; run `tidepool image build`." : isolation;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The runtime is not ready; trying again.")]
    private partial void LogUnhealthy(Exception fault);
}
