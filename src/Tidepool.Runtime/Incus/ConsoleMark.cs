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
    /// Where the bytes begin that came after the mark; 0 where it is not there, for the file was begun anew since. The last place
    /// counts, and if need be a shorter end of the mark: rather is something missing than told twice.
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
