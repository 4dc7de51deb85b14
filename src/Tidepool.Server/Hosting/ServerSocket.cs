using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Tidepool.Server.Hosting;

/// <summary>The server listens on a Unix socket that only the owner may open: the file's mode is what keeps others out.</summary>
internal static class ServerSocket
{
    public static void ListenOn(this KestrelServerOptions kestrel, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        RemoveStale(path);
        kestrel.ListenUnixSocket(path);
    }

    public static void RestrictToOwner(string path) => File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static void RemoveStale(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            // Nobody answers: what a killed server left behind.
            File.Delete(path);
            return;
        }

        throw new InvalidOperationException($"Another server already listens on {path}.");
    }
}
