namespace Tidepool.Runtime.Incus;

/// <summary>A copy of the last bytes that were read of a console, as text.</summary>
internal static class ConsoleMark
{
    private const int MaxBytes = 1024;

    /// <summary>What is shorter may be anywhere by chance.</summary>
    private const int MinBytes = 32;

    public static string Of(string? before, ReadOnlySpan<byte> read)
    {
        byte[] all = [.. Bytes(before), .. read[Math.Max(0, read.Length - MaxBytes)..]];
        return Convert.ToBase64String(all.AsSpan(Math.Max(0, all.Length - MaxBytes)));
    }

    /// <summary>
    /// Where the bytes after the mark begin; 0 if the mark is missing, because the file was begun again since. The last occurrence
    /// counts, or if need be that of a shorter end of the mark: losing a line is better than logging it twice.
    /// </summary>
    public static int Find(string? mark, ReadOnlySpan<byte> file)
    {
        for (var wanted = Bytes(mark); wanted.Length > 0; wanted = wanted.Length / 2 >= MinBytes ? wanted[(wanted.Length / 2)..] : [])
        {
            if (file.LastIndexOf(wanted) is >= 0 and var at)
            {
                return at + wanted.Length;
            }
        }

        return 0;
    }

    private static byte[] Bytes(string? mark)
    {
        var bytes = new byte[MaxBytes];
        return mark is not null && Convert.TryFromBase64String(mark, bytes, out var length) ? bytes[..length] : [];
    }
}
