using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Incus;

/// <summary>An image as Incus knows it.</summary>
internal sealed record IncusImage(string Fingerprint, bool IsMachine);

/// <summary>
/// Brings built images into Incus. Incus names an image by the hash of its files, which can be known without asking; so an image
/// that is there already is never sent twice.
/// </summary>
internal sealed class IncusImages(IncusClient client, IncusHost host, IOptions<IncusOptions> options) : IDisposable
{
    private const string WarmUp = "warm-up-";
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(4);
    private readonly ConcurrentDictionary<string, IncusImage> known = new();
    private readonly SemaphoreSlim oneImport = new(1);

    /// <summary>The image for new machines, imported if it is not there.</summary>
    /// <param name="image">The build.</param>
    /// <param name="verify">Whether to check even if it was there before.</param>
    /// <param name="cancellationToken">Ends the wait; an upload that was cut off leaves nothing.</param>
    public async Task<IncusImage> EnsureAsync(RuntimeImage image, bool verify, CancellationToken cancellationToken)
    {
        if (!verify && known.TryGetValue(image.Directory, out var there))
        {
            return there;
        }

        await oneImport.WaitAsync(cancellationToken);
        try
        {
            var files = await ChooseAsync(image, cancellationToken);
            var fingerprint = await FingerprintAsync(files, cancellationToken);
            if (await client.FindAsync($"1.0/images/{fingerprint}", cancellationToken) is null)
            {
                await UploadAsync(image, files, cancellationToken);
                await WarmAsync(new IncusImage(fingerprint, files.IsMachine), cancellationToken);
                await DropOlderAsync(image.Name, fingerprint, cancellationToken);
            }
            else if (verify)
            {
                await EndWarmUpsAsync(cancellationToken);
            }

            return known[image.Directory] = new IncusImage(fingerprint, files.IsMachine);
        }
        finally
        {
            oneImport.Release();
        }
    }

    public void Dispose() => oneImport.Dispose();

    private async Task<ImageFiles> ChooseAsync(RuntimeImage image, CancellationToken cancellationToken)
    {
        var machine = new ImageFiles(Path.Combine(image.Directory, "metadata-vm.tar.xz"), Path.Combine(image.Directory, "disk.qcow2"), IsMachine: true);
        if (machine.Exist && await host.CanRunMachinesAsync(cancellationToken))
        {
            return machine;
        }

        var container = new ImageFiles(Path.Combine(image.Directory, "metadata.tar.xz"), Path.Combine(image.Directory, "rootfs.squashfs"), IsMachine: false);
        return container.Exist
            ? container
            : throw new RuntimeException(
                RuntimeFaults.ImageMissing, $"The image '{image.Name}' is not whole: {image.Directory} lacks its files. Run `tidepool image build --force`.", isTransient: false);
    }

    private async Task UploadAsync(RuntimeImage image, ImageFiles files, CancellationToken cancellationToken)
    {
        await using var metadata = File.OpenRead(files.Metadata);
        await using var disk = File.OpenRead(files.Disk);
        using var form = new MultipartFormDataContent
        {
            { new StreamContent(metadata), "metadata", Path.GetFileName(files.Metadata) },
            { new StreamContent(disk), files.IsMachine ? "rootfs.img" : "rootfs", Path.GetFileName(files.Disk) },
        };
        form.Headers.Add("X-Incus-properties", $"tidepool.image={Uri.EscapeDataString(image.Name)}&tidepool.hash={Uri.EscapeDataString(image.Hash)}");
        if (!await client.UploadAsync("1.0/images", form, Timeout, cancellationToken))
        {
            throw IncusFaults.Forgotten("importing the image");
        }
    }

    /// <summary>The first machine of an image pays for unpacking it. This one belongs to no workspace, so no user waits for it.</summary>
    private async Task WarmAsync(IncusImage image, CancellationToken cancellationToken)
    {
        var name = WarmUp + image.Fingerprint[..12];
        if (await client.FindAsync($"1.0/instances/{name}", cancellationToken) is null)
        {
            var body = new JsonObject
            {
                ["name"] = name,
                ["type"] = image.IsMachine ? "virtual-machine" : "container",
                ["profiles"] = new JsonArray(),
                ["devices"] = new JsonObject { ["root"] = new JsonObject { ["type"] = "disk", ["path"] = "/", ["pool"] = options.Value.Pool } },
                ["source"] = new JsonObject { ["type"] = "image", ["fingerprint"] = image.Fingerprint },
            };
            await client.ChangeAsync(HttpMethod.Post, "1.0/instances", body, Timeout, cancellationToken);
        }

        await client.ChangeAsync(HttpMethod.Delete, $"1.0/instances/{name}", null, Timeout, cancellationToken);
    }

    /// <summary>Deletes what an import that was cut off has left.</summary>
    private async Task EndWarmUpsAsync(CancellationToken cancellationToken)
    {
        foreach (var instance in (await client.GetAsync("1.0/instances?recursion=1", cancellationToken)).EnumerateArray())
        {
            if (instance.GetProperty("name").GetString() is { } name && name.StartsWith(WarmUp, StringComparison.Ordinal))
            {
                await client.ChangeAsync(HttpMethod.Delete, $"1.0/instances/{name}", null, Timeout, cancellationToken);
            }
        }
    }

    private async Task DropOlderAsync(string name, string keep, CancellationToken cancellationToken)
    {
        foreach (var image in (await client.GetAsync("1.0/images?recursion=1", cancellationToken)).EnumerateArray())
        {
            var fingerprint = image.GetProperty("fingerprint").GetString();
            var ours = image.GetProperty("properties").TryGetProperty("tidepool.image", out var template) && template.GetString() == name;
            if (ours && fingerprint != keep)
            {
                await client.ChangeAsync(HttpMethod.Delete, $"1.0/images/{fingerprint}", null, Timeout, cancellationToken);
            }
        }
    }

    /// <summary>SHA-256 over the metadata and then the disk, as Incus's image documentation has it for split images.</summary>
    private static async Task<string> FingerprintAsync(ImageFiles files, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1024 * 1024];
        foreach (var path in new[] { files.Metadata, files.Disk })
        {
            await using var file = File.OpenRead(path);
            int read;
            while ((read = await file.ReadAsync(buffer, cancellationToken)) > 0)
            {
                hash.AppendData(buffer, 0, read);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed record ImageFiles(string Metadata, string Disk, bool IsMachine)
    {
        public bool Exist => File.Exists(Metadata) && File.Exists(Disk);
    }
}
