using System.Text;

namespace Tidepool.Host.Sockets;

/// <summary>How long the path of a Unix socket may be. The one place that knows: the command line refuses a state directory by it, before anything is started.</summary>
public static class SocketPath
{
    /// <summary>What the kernel takes, in bytes: 108 on Linux and 104 on macOS, with a zero at the end (unix(7)).</summary>
    public static int KernelBytes { get; } = OperatingSystem.IsLinux() ? 107 : 103;

    /// <summary>What is left for a socket that is bound beside its place and then moved there: its name ends with a dot and the process's number meanwhile.</summary>
    public static int LongestBytes { get; } = KernelBytes - 8;

    /// <summary>Why there can be no socket at the path; null if there can.</summary>
    /// <param name="path">The socket's.</param>
    /// <param name="isMoved">Whether it is bound beside its place and then moved there.</param>
    public static string? WhyNot(string path, bool isMoved = true)
    {
        var most = isMoved ? LongestBytes : KernelBytes;
        return !Path.IsPathFullyQualified(path) ? $"'{path}' is not an absolute path."
            : Encoding.UTF8.GetByteCount(path) is var bytes && bytes > most ? $"'{path}' has {bytes} bytes, and the path of a Unix socket can have {most} here."
            : null;
    }
}
