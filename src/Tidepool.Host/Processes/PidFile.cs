using Tidepool.Host.Files;

namespace Tidepool.Host.Processes;

/// <summary>A process's identity on disk, for the processes that come after its parent.</summary>
public static class PidFile
{
    public static void Write(string path, ProcessIdentity identity) => DurableFiles.Write(path, identity + "\n");

    /// <summary>
    /// Writes it where the file does not say so already. On a full disk nothing is written and nothing fails: the process runs all the
    /// same, and the next call tries again.
    /// </summary>
    public static void Note(string path, ProcessIdentity identity)
    {
        if (ReadAlive(path) == identity)
        {
            return;
        }

        try
        {
            Write(path, identity);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next call tries again.
        }
    }

    /// <summary>The recorded process, if it is still the same and alive.</summary>
    public static ProcessIdentity? ReadAlive(string path)
    {
        try
        {
            return ProcessIdentity.Parse(File.ReadAllText(path)) is { IsAlive: true } alive ? alive : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
