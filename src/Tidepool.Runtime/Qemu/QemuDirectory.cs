using Microsoft.Extensions.Options;
using Tidepool.Host.Files;

namespace Tidepool.Runtime.Qemu;

/// <summary>
/// The runtime's own directory, known by an id that is kept in it and beside it. Where the one inside is missing, another directory
/// is seen in its place, for example because a disk is not mounted: then no machine may be called gone.
/// </summary>
internal sealed class QemuDirectory(IOptions<QemuOptions> options)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string path = options.Value.Directory;

    private string Inside => Path.Combine(path, "id");

    private string Beside => path.TrimEnd('/') + ".id";

    /// <summary>Makes the directory, or adopts one that an older Tidepool made.</summary>
    /// <exception cref="Core.Runtime.RuntimeException">Another directory is seen in its place.</exception>
    public void Prepare()
    {
        var (inside, beside) = (DurableFiles.FindText(Inside), DurableFiles.FindText(Beside));
        if (beside is not null && inside != beside)
        {
            throw QemuFaults.DirectoryMissing(path, Beside);
        }

        if (inside is null)
        {
            Directory.CreateDirectory(path, Private);
            inside = Guid.NewGuid().ToString("N") + "\n";
            DurableFiles.Write(Inside, inside);
        }

        if (beside is null)
        {
            DurableFiles.Write(Beside, inside);
        }
    }

    /// <summary>As <see cref="Prepare"/>, but makes no directory. False if this runtime never had one.</summary>
    public bool TryAdopt()
    {
        if (!DurableFiles.Exists(path) && !DurableFiles.Exists(Beside))
        {
            return false;
        }

        Prepare();
        return true;
    }

    /// <summary>Called before something in the directory is taken for absent.</summary>
    /// <exception cref="Core.Runtime.RuntimeException">What is absent is unknown.</exception>
    public void Confirm()
    {
        if (DurableFiles.FindText(Inside) is not { } inside || inside != DurableFiles.FindText(Beside))
        {
            throw QemuFaults.DirectoryMissing(path, Beside);
        }
    }

    /// <summary>Removes the directory and all that is in it.</summary>
    public void Remove()
    {
        DirectoryTree.Remove(path);
        File.Delete(Beside);
    }
}
