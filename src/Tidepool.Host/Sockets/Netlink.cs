using System.Runtime.InteropServices;

namespace Tidepool.Host.Sockets;

/// <summary>Questions to the Linux kernel that it answers in one message (netlink(7)).</summary>
public static partial class Netlink
{
    /// <summary>The length of a message's header.</summary>
    public const int HeaderLength = 16;

    /// <summary>The type of an answer that is an error; its number follows the header.</summary>
    public const ushort Error = 2;

    private const int Family = 16;
    private const int RawCloseOnExec = 3 | 0x80000;
    private const ushort IsRequest = 1;
    private const int DoNotWait = 0x40;

    /// <summary>Asks, and never waits: the kernel has answered before the question returns.</summary>
    /// <param name="protocol">Which part of the kernel.</param>
    /// <param name="type">What is asked.</param>
    /// <param name="question">The whole message, with room for its header, which is written here.</param>
    /// <param name="answer">Room for the whole answer.</param>
    /// <returns>The length of the answer, which has a whole header; null if there is none.</returns>
    public static int? Ask(int protocol, ushort type, Span<byte> question, Span<byte> answer)
    {
        var socket = OpenSocket(Family, RawCloseOnExec, protocol);
        if (socket < 0)
        {
            return null;
        }

        try
        {
            MemoryMarshal.Write(question, question.Length);
            MemoryMarshal.Write(question[4..], type);
            MemoryMarshal.Write(question[6..], IsRequest);
            return Send(socket, question, question.Length, 0) == question.Length && Receive(socket, answer, answer.Length, DoNotWait) is var length and >= HeaderLength
                ? (int)length
                : null;
        }
        finally
        {
            _ = CloseSocket(socket);
        }
    }

    /// <summary>The type of an answer with a whole header.</summary>
    public static ushort TypeOf(ReadOnlySpan<byte> answer) => MemoryMarshal.Read<ushort>(answer[4..]);

    [LibraryImport("libc", EntryPoint = "socket")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Send(int socket, ReadOnlySpan<byte> bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Receive(int socket, Span<byte> bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int CloseSocket(int socket);
}
