namespace Tidepool.Runtime.Incus;

/// <summary>Reads what may be long and keeps its end only.</summary>
internal static class EndOfStream
{
    public static async Task<(byte[] End, long Length)> ReadAsync(Stream stream, int maxBytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[maxBytes * 2];
        var filled = 0;
        var length = 0L;
        while (await stream.ReadAsync(buffer.AsMemory(filled), cancellationToken) is > 0 and var read)
        {
            filled += read;
            length += read;
            if (filled == buffer.Length)
            {
                buffer.AsSpan(maxBytes).CopyTo(buffer);
                filled = maxBytes;
            }
        }

        return (buffer[Math.Max(0, filled - maxBytes)..filled], length);
    }
}
