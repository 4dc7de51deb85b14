using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using Tidepool.Core.Storage;

namespace Tidepool.Db;

/// <summary>Where a page ended, as text that says nothing to its bearer. Its first byte names the list it belongs to.</summary>
internal static class Cursor
{
    private const byte Workspaces = (byte)'w';
    private const byte Activity = (byte)'a';
    private const int WorkspaceLength = 1 + sizeof(long) + 16;
    private const int ActivityLength = 1 + sizeof(long);

    public static string OfWorkspace(DateTimeOffset createdAt, Guid id)
    {
        Span<byte> bytes = stackalloc byte[WorkspaceLength];
        bytes[0] = Workspaces;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], createdAt.UtcTicks);
        id.TryWriteBytes(bytes[(1 + sizeof(long))..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    /// <exception cref="InvalidCursorException">The text was not made by <see cref="OfWorkspace"/>.</exception>
    public static (DateTimeOffset CreatedAt, Guid Id) ReadWorkspace(string text)
    {
        var bytes = Decode(text, Workspaces, WorkspaceLength);
        var ticks = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(1));
        return ticks >= DateTimeOffset.MinValue.Ticks && ticks <= DateTimeOffset.MaxValue.Ticks
            ? (new DateTimeOffset(ticks, TimeSpan.Zero), new Guid(bytes.AsSpan(1 + sizeof(long)), bigEndian: true))
            : throw new InvalidCursorException();
    }

    public static string OfActivity(long sequence)
    {
        Span<byte> bytes = stackalloc byte[ActivityLength];
        bytes[0] = Activity;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], sequence);
        return Base64Url.EncodeToString(bytes);
    }

    /// <exception cref="InvalidCursorException">The text was not made by <see cref="OfActivity"/>.</exception>
    public static long ReadActivity(string text) =>
        BinaryPrimitives.ReadInt64BigEndian(Decode(text, Activity, ActivityLength).AsSpan(1));

    private static byte[] Decode(string text, byte list, int length)
    {
        var bytes = new byte[length];
        return text.Length == Base64Url.GetEncodedLength(length)
            && Base64Url.DecodeFromChars(text, bytes, out _, out var written) == OperationStatus.Done
            && written == length
            && bytes[0] == list
            ? bytes
            : throw new InvalidCursorException();
    }
}
