using System.Globalization;
using Tidepool.Core.Runtime;

namespace Tidepool.Runtime.Consoles;

/// <summary>A console that its runtime writes to a file of this machine. The position is an offset in it; a file shorter than that was begun again.</summary>
internal static class ConsoleFile
{
    private const int MaxBytes = 256 * 1024;

    public static ConsoleOutput Read(string path, string? position)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var from = long.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place <= file.Length ? place : 0;
            var begin = Math.Max(from, file.Length - MaxBytes);
            file.Seek(begin, SeekOrigin.Begin);
            var bytes = new byte[file.Length - begin];
            var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return new ConsoleOutput(bytes.AsMemory(0, read), (begin + read).ToString(CultureInfo.InvariantCulture), IsCut: begin > from);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ConsoleOutput(ReadOnlyMemory<byte>.Empty, position, IsCut: false);
        }
    }
}
