using System.Text.Json;
using Tidepool.Core.SignIn;

namespace Tidepool.Server.SignIn;

/// <summary>Which password is in force, read from its file whenever that has changed.</summary>
internal sealed class PasswordFileVersion(string path)
{
    private readonly Lock gate = new();
    private DateTime readAt;
    private string? version;

    /// <summary>Null where the file cannot be read; then nothing counts as known.</summary>
    public string? Current()
    {
        lock (gate)
        {
            var changed = File.GetLastWriteTimeUtc(path);
            if (changed != readAt)
            {
                (version, readAt) = (Read(), changed);
            }

            return version;
        }
    }

    private string? Read()
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.GetProperty("passwordHash").GetString() is { Length: > 0 } hash ? PasswordVersion.Of(hash) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
