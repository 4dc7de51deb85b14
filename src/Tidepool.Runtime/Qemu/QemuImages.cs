using Microsoft.Extensions.Options;
using Tidepool.Core.Runtime;
using Tidepool.Host.Files;
using Tidepool.Host.Processes;

namespace Tidepool.Runtime.Qemu;

/// <summary>Images as machines read them: a plain disk that all overlays of a build share, and the kernel that is booted directly.</summary>
internal sealed class QemuImages(IOptions<QemuOptions> options, TimeProvider time) : IDisposable
{
    private const UnixFileMode Readable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static readonly string[] Taken = ["vmlinuz", "initrd.img"];
    private readonly string root = Path.Combine(options.Value.Directory, "images");
    private readonly SemaphoreSlim one = new(1);

    public string Of(string hash) => Path.Combine(root, hash);

    public string Disk(string hash) => Path.Combine(Of(hash), "disk.raw");

    public string Kernel(string hash) => Path.Combine(Of(hash), "vmlinuz");

    public string Initial(string hash) => Path.Combine(Of(hash), "initrd.img");

    /// <summary>Unpacks the build's disk once. Made beside its place and then moved there, so half of one is never used.</summary>
    public async Task EnsureAsync(RuntimeImage image, CancellationToken cancellationToken)
    {
        if (Directory.Exists(Of(image.Hash)))
        {
            return;
        }

        var packed = Path.Combine(image.Directory, "disk.qcow2");
        if (!File.Exists(packed) || !Taken.All(file => File.Exists(Path.Combine(image.Directory, file))))
        {
            throw QemuFaults.ImageIncomplete(image.Directory);
        }

        await one.WaitAsync(cancellationToken);
        try
        {
            if (Directory.Exists(Of(image.Hash)))
            {
                return;
            }

            var making = Of(image.Hash) + ".new";
            if (Directory.Exists(making))
            {
                Directory.Delete(making, recursive: true);
            }

            Directory.CreateDirectory(making);
            File.SetUnixFileMode(making, Readable);
            await Tool.CopyAsync("qemu-img", ["convert", "-f", "qcow2", "-O", "raw", packed, Path.Combine(making, "disk.raw")], time, cancellationToken);
            foreach (var file in Taken)
            {
                File.Copy(Path.Combine(image.Directory, file), Path.Combine(making, file));
            }

            foreach (var file in Directory.EnumerateFiles(making))
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            }

            foreach (var path in Directory.EnumerateFiles(making).Append(making))
            {
                DurableFiles.Sync(path);
            }

            Directory.Move(making, Of(image.Hash));
            DurableFiles.Sync(root);
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Any image that is there, for what needs a kernel and no particular one.</summary>
    public string? Any() => Directory.Exists(root)
        ? Directory.EnumerateDirectories(root).Select(path => Path.GetFileName(path)).FirstOrDefault(hash => !hash.EndsWith(".new", StringComparison.Ordinal))
        : null;

    /// <summary>Removes builds that no machine is laid over and that are not the newest.</summary>
    public void RemoveUnused(string newest, IReadOnlySet<string> used)
    {
        if (Directory.Exists(root))
        {
            foreach (var path in Directory.EnumerateDirectories(root).Where(path => Path.GetFileName(path) is var hash && hash != newest && !used.Contains(hash)))
            {
                Directory.Delete(path, recursive: true);
            }
        }
    }

    public void Dispose() => one.Dispose();
}
