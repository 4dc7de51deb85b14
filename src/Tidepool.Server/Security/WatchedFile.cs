namespace Tidepool.Server.Security;

/// <summary>What a small file says, read again whenever the file has changed, and until it says something.</summary>
/// <param name="path">The file.</param>
/// <param name="parse">Reads its text; null where that says nothing.</param>
internal class WatchedFile(string path, Func<string, string?> parse)
{
    private readonly Lock gate = new();
    private DateTime readAt;
    private string? value;

    /// <summary>Null where the file is missing, cannot be read, or says nothing.</summary>
    public string? Current()
    {
        lock (gate)
        {
            var changed = File.GetLastWriteTimeUtc(path);
            if (changed != readAt || value is null)
            {
                (value, readAt) = (Read(), changed);
            }

            return value;
        }
    }

    private string? Read()
    {
        try
        {
            return parse(File.ReadAllText(path));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>The secret that Caddy and the server share; null while there is none, and then no request counts as signed in.</summary>
internal sealed class CaddySecret(string path) : WatchedFile(path, text => text.Trim());
