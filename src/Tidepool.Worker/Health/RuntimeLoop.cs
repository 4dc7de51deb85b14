using Tidepool.Core.Images;
using Tidepool.Core.Runtime;

namespace Tidepool.Worker.Health;

/// <summary>Has the runtime ready with the newest image before anybody asks for a machine, and reports how it does.</summary>
internal sealed partial class RuntimeLoop(
    IWorkspaceRuntime runtime, IImageCatalog images, HealthReporter health, TimeProvider time, ILogger<RuntimeLoop> logger) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var prepared = false;
        string? imported = null;

        // What a former life reported says nothing about this one.
        await health.ReportAsync("runtime", false, "It is being made ready.", stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            var healthy = true;
            string? detail = null;
            try
            {
                if (!prepared)
                {
                    await runtime.PrepareAsync(stoppingToken);
                    prepared = true;
                }

                var image = images.Find(ImageCatalog.DefaultImage);
                if (image is not null && image.Hash != imported)
                {
                    await runtime.ImportImageAsync(image, stoppingToken);
                    imported = image.Hash;
                }

                var capabilities = await runtime.GetCapabilitiesAsync(stoppingToken);
                detail = Describe(capabilities, image);
            }
            catch (RuntimeException fault)
            {
                LogUnhealthy(fault);
                (healthy, detail) = (false, fault.Message);
            }

            await health.ReportAsync("worker", true, null, stoppingToken);
            await health.ReportAsync("runtime", healthy, detail, stoppingToken);
            await Task.Delay(healthy ? LookInterval : RetryInterval, time, stoppingToken);
        }
    }

    private static string Describe(RuntimeCapabilities capabilities, RuntimeImage? image)
    {
        var isolation = capabilities.Isolation switch
        {
            Isolation.VirtualMachine => "Workspaces are virtual machines.",
            Isolation.EmulatedMachine => "Workspaces are virtual machines under software emulation.",
            Isolation.Container => "Workspaces are containers: they share the host's kernel.",
        };
        return image is null ? isolation + " The workspace image was not built yet; run `tidepool image build`." : isolation;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The runtime is not ready; trying again.")]
    private partial void LogUnhealthy(Exception fault);
}
