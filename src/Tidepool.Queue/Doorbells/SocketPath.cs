using System.Text;

namespace Tidepool.Queue.Doorbells;

/// <summary>Where a doorbell's socket may be.</summary>
internal static class SocketPath
{
    /// <summary>What the shortest of the systems' limits leaves, with room for the suffix of a socket in the making.</summary>
    private const int LongestBytes = 92;

    public static void Check(string path)
    {
        if (!Path.IsPathFullyQualified(path))
        {
            throw new ArgumentException($"'{path}' is not an absolute path.", nameof(path));
        }

        if (Encoding.UTF8.GetByteCount(path) > LongestBytes)
        {
            throw new ArgumentException($"'{path}' is longer than the {LongestBytes} bytes a doorbell's socket may have. Keep the state in a folder with a shorter path.", nameof(path));
        }
    }
}
