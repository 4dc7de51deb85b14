using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidepool.Host.Processes;

namespace Tidepool.Runtime.Qemu;

/// <summary>
/// Finds out whether KVM truly works: some hosts have the device, create machines with it, run a boot sector even, and hang with
/// a kernel. So the image's own kernel is booted, with only its initial file system, which reports that it runs and turns off.
/// </summary>
internal sealed partial class KvmProbe(IOptions<QemuOptions> options, QemuImages images, TimeProvider time, ILogger<KvmProbe> logger) : IDisposable
{
    private const string Device = "/dev/kvm";
    private const string Boot = "/proc/sys/kernel/random/boot_id";

    /// <summary>What the initial file system prints; see images/workspace/machine/init.</summary>
    private const string Sign = "tidepool: a kernel runs here";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim one = new(1);
    private string? found;

    private string Note => Path.Combine(options.Value.Directory, "accelerator");

    /// <summary>The accelerator that machines are started with on this host. Probed once in each boot of the host.</summary>
    /// <param name="image">The hash of an image to take a kernel from; null for any. While there is no image, the answer is emulation.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<string> ChooseAsync(string? image, CancellationToken cancellationToken)
    {
        if (options.Value.Accelerator != Accelerators.Auto)
        {
            return options.Value.Accelerator;
        }

        await one.WaitAsync(cancellationToken);
        try
        {
            found ??= Noted() ?? await ProbeAsync(image ?? images.Any(), cancellationToken);
            return found ?? Accelerators.Emulation;
        }
        finally
        {
            one.Release();
        }
    }

    public void Dispose() => one.Dispose();

    /// <summary>Whether that kernel comes up with KVM. Works also without a state directory.</summary>
    public async Task<bool> BootsAsync(string kernel, string initial, CancellationToken cancellationToken)
    {
        if (!File.Exists(Device))
        {
            return false;
        }

        try
        {
            var printed = await Tool.ReadAsync(
                options.Value.Program,
                [
                    "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35,accel=kvm", "-cpu", "host", "-m", "256M", "-no-reboot",
                    "-kernel", kernel, "-initrd", initial, "-append", "console=ttyS0 quiet panic=-1 tidepool_probe=1", "-serial", "stdio",
                ],
                cancellationToken,
                timeout: Timeout);
            return printed.Contains(Sign, StringComparison.Ordinal);
        }
        catch (ToolException fault)
        {
            LogNoKvm(fault.Message);
            return false;
        }
    }

    private async Task<string?> ProbeAsync(string? image, CancellationToken cancellationToken)
    {
        if (image is null)
        {
            return null;
        }

        var began = time.GetTimestamp();
        var works = await BootsAsync(images.Kernel(image), images.Initial(image), cancellationToken);
        var accelerator = works ? Accelerators.Kvm : Accelerators.Emulation;
        var took = time.GetElapsedTime(began);
        LogChosen(accelerator, took);
        await File.WriteAllTextAsync(Note, $"{File.ReadAllText(Boot).Trim()} {accelerator}\n", cancellationToken);
        return accelerator;
    }

    private string? Noted() =>
        File.Exists(Note) && File.ReadAllText(Note).Split(' ', StringSplitOptions.TrimEntries) is [var boot, var accelerator]
        && boot == File.ReadAllText(Boot).Trim() && Accelerators.All.Contains(accelerator)
            ? accelerator
            : null;

    [LoggerMessage(Level = LogLevel.Information, Message = "Machines are run by {Accelerator}; finding out took {Took}.")]
    private partial void LogChosen(string accelerator, TimeSpan took);

    [LoggerMessage(Level = LogLevel.Information, Message = "KVM was tried and no kernel came up in it: {Reason}")]
    private partial void LogNoKvm(string reason);
}
