using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tidepool.VolatileDisk;

/// <summary>
/// A file system of the kernel's FUSE protocol (include/uapi/linux/fuse.h) whose root is the disk itself, a regular file. It answers
/// one request after another. Without a write-back cache, so the kernel hands on each write before it returns.
/// </summary>
internal sealed partial class FuseFile : IDisposable
{
    private const int InHeader = 40;
    private const int OutHeader = 16;
    private const int LargestWrite = 1 << 20;
    private const int OpenReadWrite = 2;
    private const int InputOutput = -5;
    private const int NotImplemented = -38;
    private const int LazyUnmount = 2;
    private readonly string path;
    private readonly WriteCache cache;
    private readonly SafeFileHandle device;
    private readonly byte[] request = new byte[LargestWrite + 4096];
    private readonly byte[] answer = new byte[LargestWrite + 4096];

    private FuseFile(string path, WriteCache cache, SafeFileHandle device) => (this.path, this.cache, this.device) = (path, cache, device);

    private enum Operation
    {
        Forget = 2,
        GetAttributes = 3,
        SetAttributes = 4,
        Open = 14,
        Read = 15,
        Write = 16,
        Release = 18,
        Synchronize = 20,
        Flush = 25,
        Initialize = 26,
        Interrupt = 36,
        Destroy = 38,
        ForgetMany = 42,
    }

    /// <summary>Puts the disk over an existing regular file. It answers once <see cref="Serve"/> runs.</summary>
    /// <exception cref="Win32Exception">The kernel refuses.</exception>
    public static FuseFile Mount(string path, WriteCache cache)
    {
        var device = OpenFile("/dev/fuse", OpenReadWrite);
        if (device.IsInvalid || MountFile("volatile-disk", path, "fuse", 0, $"fd={device.DangerousGetHandle()},rootmode=100600,user_id=0,group_id=0") != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        return new FuseFile(path, cache, device);
    }

    public void Unmount() => UnmountFile(path, LazyUnmount);

    public void Dispose() => device.Dispose();

    /// <summary>Answers until the disk is unmounted and nothing has it open.</summary>
    public unsafe void Serve()
    {
        fixed (byte* incoming = request, outgoing = answer)
        {
            // An interrupted or withdrawn request is not the end; an unmounted file system is.
            for (nint length; (length = ReadFile(device, incoming, request.Length)) > 0 || Marshal.GetLastPInvokeError() is 2 or 4 or 11;)
            {
                if (length > 0 && Answer(request.AsSpan(0, (int)length)) is { } size)
                {
                    WriteFile(device, outgoing, size);
                }
            }
        }
    }

    /// <summary>The size of the answer; null where the protocol has none.</summary>
    private int? Answer(ReadOnlySpan<byte> input)
    {
        var operation = (Operation)Number(input, 4);
        if (operation is Operation.Forget or Operation.ForgetMany or Operation.Interrupt)
        {
            return null;
        }

        var body = answer.AsSpan(OutHeader);
        body[..256].Clear();
        var result = Carry(operation, input[InHeader..], body);
        var size = OutHeader + Math.Max(0, result);
        Put(answer, 0, size);
        Put(answer, 4, Math.Min(0, result));
        input.Slice(8, 8).CopyTo(answer.AsSpan(8));
        return size;
    }

    /// <summary>The size of the answer's body, or a negative error number.</summary>
    private int Carry(Operation operation, ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (cache.IsCut && operation is Operation.Read or Operation.Write or Operation.Synchronize)
        {
            return InputOutput;
        }

        switch (operation)
        {
            case Operation.Initialize:
                return Initialize(input, output);
            case Operation.GetAttributes or Operation.SetAttributes:
                return Attributes(output);
            case Operation.Open:
                // The kernel may keep what it has cached: nothing else writes.
                Put(output, 8, 2);
                return 16;
            case Operation.Read:
                return cache.Read(Long(input, 8), output[..Number(input, 16)]);
            case Operation.Write:
                cache.Write(Long(input, 8), input.Slice(40, Number(input, 16)));
                Put(output, 0, Number(input, 16));
                return cache.IsCut ? InputOutput : 8;
            case Operation.Synchronize:
                cache.Flush();
                return 0;
            case Operation.Release or Operation.Flush or Operation.Destroy:
                return 0;
            default:
                return NotImplemented;
        }
    }

    private static int Initialize(ReadOnlySpan<byte> input, Span<byte> output)
    {
        const int bigWrites = 1 << 5;
        const int maxPages = 1 << 22;
        Put(output, 0, 7);
        Put(output, 4, 31);
        Put(output, 8, Number(input, 8));
        Put(output, 12, Number(input, 12) & (bigWrites | maxPages));
        BinaryPrimitives.WriteUInt16LittleEndian(output[16..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(output[18..], 48);
        Put(output, 20, LargestWrite);
        Put(output, 24, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(output[28..], LargestWrite / 4096);
        return 64;
    }

    private int Attributes(Span<byte> output)
    {
        const int regularFile = 0x8180;
        BinaryPrimitives.WriteInt64LittleEndian(output, 3600);
        var attributes = output[16..];
        BinaryPrimitives.WriteInt64LittleEndian(attributes, 1);
        BinaryPrimitives.WriteInt64LittleEndian(attributes[8..], cache.Length);
        BinaryPrimitives.WriteInt64LittleEndian(attributes[16..], cache.Length / 512);
        Put(attributes, 60, regularFile);
        Put(attributes, 64, 1);
        Put(attributes, 80, WriteCache.Block);
        return 104;
    }

    private static int Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);

    private static long Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    private static void Put(Span<byte> bytes, int at, int number) => BinaryPrimitives.WriteInt32LittleEndian(bytes[at..], number);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MountFile(string source, string target, string type, ulong flags, string options);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int UnmountFile(string target, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial nint ReadFile(SafeFileHandle file, byte* target, nint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial nint WriteFile(SafeFileHandle file, byte* source, nint length);
}
