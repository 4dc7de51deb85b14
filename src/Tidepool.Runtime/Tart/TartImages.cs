using Microsoft.Extensions.Options;
using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Tart;

/// <summary>Images as stopped machines to clone, one for each build: a clone shares its disk until it writes.</summary>
internal sealed class TartImages(TartCommand tart, IOptions<TartOptions> options) : IDisposable
{
    public const string Prefix = "tidepool-image-";
    private const string Disk = "disk.raw";
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);
    private readonly SemaphoreSlim one = new(1);

    /// <summary>The machine to clone, made if it is not there yet.</summary>
    public async Task<string> EnsureAsync(RuntimeImage image, IReadOnlyList<TartMachine> there, CancellationToken cancellationToken)
    {
        var name = Prefix + image.Hash;
        if (there.Any(machine => machine.Name == name))
        {
            return name;
        }

        var disk = Path.Combine(image.Directory, Disk);
        if (!File.Exists(disk))
        {
            throw TartFaults.NoDisk(image.Directory);
        }

        await one.WaitAsync(cancellationToken);
        try
        {
            // Made under another name, so that a half-made image is never cloned.
            var making = $"{name}-new";
            await RemoveAsync(making, cancellationToken);
            await tart.RunAsync(["create", making, "--linux", "--disk-size", $"{options.Value.DiskGiB}"], Timeout, cancellationToken);
            var target = Path.Combine(Home, "vms", making, "disk.img");
            File.Copy(disk, target, overwrite: true);
            using (var file = new FileStream(target, FileMode.Open, FileAccess.Write))
            {
                file.SetLength(Math.Max(file.Length, options.Value.DiskGiB * (1L << 30)));
            }

            try
            {
                await tart.RunAsync(["rename", making, name], Timeout, cancellationToken);
            }
            catch (TartException fault) when (fault.Message.Contains("already exists", StringComparison.OrdinalIgnoreCase))
            {
                // Another import of the same build was faster.
                await RemoveAsync(making, cancellationToken);
            }

            return name;
        }
        finally
        {
            one.Release();
        }
    }

    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await tart.RunAsync(["delete", name], Timeout, cancellationToken);
        }
        catch (TartException fault) when (fault.IsMissing)
        {
            // Gone, as wanted.
        }
    }

    public void Dispose() => one.Dispose();

    private string Home => options.Value.Home ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".tart");
}
