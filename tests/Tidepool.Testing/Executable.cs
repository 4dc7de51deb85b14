using System.Diagnostics;

namespace Tidepool.Testing;

/// <summary>Programs that a test writes.</summary>
public static class Executable
{
    /// <summary>
    /// Has another process write the file. The kernel starts no program that is open for writing anywhere, and a process that another
    /// test starts at this moment inherits what this process has open, for as long as it takes to become its own program.
    /// </summary>
    public static void Write(string path, string text)
    {
        using var install = Process.Start(new ProcessStartInfo("install", ["-m", "0700", "/dev/stdin", path]) { RedirectStandardInput = true, UseShellExecute = false })!;
        install.StandardInput.Write(text);
        install.StandardInput.Close();
        install.WaitForExit();
        if (install.ExitCode != 0)
        {
            throw new InvalidOperationException($"install ended with {install.ExitCode}.");
        }
    }
}
