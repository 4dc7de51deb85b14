using System.Diagnostics;

namespace Tidepool.Host.Files;

/// <summary>Directories in which a less privileged user may write.</summary>
public static class DirectoryTree
{
    /// <summary>
    /// Removes a directory and all that is in it; what is not there is removed. That user may put a link in a directory's place at any
    /// moment: none is followed, as <see cref="Directory.Delete(string, bool)"/> would. The system's <c>rm</c> does it, which goes by open
    /// directories and not by paths, to any depth, and stays within the file system.
    /// </summary>
    /// <exception cref="IOException">It could not be removed whole.</exception>
    public static void Remove(string path)
    {
        if (!Path.IsPathFullyQualified(path) || Path.GetFullPath(path) is "/")
        {
            throw new ArgumentException($"'{path}' is not the absolute path of a directory to remove.", nameof(path));
        }

        if (!OperatingSystem.IsLinux())
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }

            return;
        }

        using var rm = Process.Start(new ProcessStartInfo("/bin/rm", ["--recursive", "--force", "--one-file-system", "--", path]) { RedirectStandardError = true, UseShellExecute = false })!;
        var output = rm.StandardError.ReadToEnd();
        rm.WaitForExit();
        if (rm.ExitCode != 0)
        {
            throw new IOException($"{path} could not be removed: {output.Trim().Split('\n')[0]}");
        }
    }
}
