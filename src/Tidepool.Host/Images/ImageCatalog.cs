using System.Text.Json;
using Tidepool.Core.Runtime;

namespace Tidepool.Host.Images;

/// <summary>An image that was built on this machine.</summary>
public sealed record BuiltImage(string Name, string Hash, string Directory, DateTimeOffset CreatedAt, long SizeBytes);

/// <summary>
/// The built images below one directory: <c>{name}/{hash}/</c> holds a build, <c>{name}/current</c> the hash in force.
/// Reads the disk each time, so a build that has just ended counts at once.
/// </summary>
public sealed class ImageCatalog(string directory) : IImageCatalog
{
    public const string DefaultImage = "default";

    public RuntimeImage? Find(string name) =>
        Read(name) is { } image ? new RuntimeImage(image.Name, image.Hash, image.Directory) : null;

    /// <summary>All templates that were built, by name.</summary>
    public IReadOnlyList<BuiltImage> List() =>
        Directory.Exists(directory)
            ? [.. Directory.EnumerateDirectories(directory).Select(d => Read(Path.GetFileName(d))).OfType<BuiltImage>().OrderBy(i => i.Name, StringComparer.Ordinal)]
            : [];

    private BuiltImage? Read(string name)
    {
        if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            return null;
        }

        try
        {
            var template = Path.Combine(directory, name);
            var hash = File.ReadAllText(Path.Combine(template, "current")).Trim();
            var build = Path.Combine(template, Path.GetFileName(hash));
            using var manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(build, "manifest.json")));
            var createdAt = manifest.RootElement.GetProperty("createdAt").GetDateTimeOffset();
            var size = new DirectoryInfo(build).EnumerateFiles().Sum(file => file.Length);
            return new BuiltImage(name, hash, build, createdAt, size);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            // Not built, or not whole: as good as not there.
            return null;
        }
    }
}
