using System.Runtime.InteropServices;
using System.Text;

namespace Tidepool.Host.Tests.Processes;

/// <summary>Puts a key into the calling thread's session keyring (add_key(2)).</summary>
internal static partial class Key
{
    private const nint SessionKeyring = -3;

    /// <summary>Its number; negative where the kernel takes none.</summary>
    public static nint Add(string name) =>
        AddKey(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 217 : 248, Bytes("user"), Bytes(name), Bytes("secret"), 6, SessionKeyring);

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text + "\0");

    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint AddKey(nint number, byte[] type, byte[] name, byte[] value, nint length, nint keyring);
}
