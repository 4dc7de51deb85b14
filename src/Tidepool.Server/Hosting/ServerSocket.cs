using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tidepool.Server.Security;

namespace Tidepool.Server.Hosting;

/// <summary>
/// The server listens on two Unix sockets: one for Caddy, and one for the command line. The directory lets only Caddy and root in,
/// each file's mode keeps other users out, and the kernel's report of the connected user keeps them out once more.
/// </summary>
internal static class ServerSocket
{
    public static void ListenOn(this KestrelServerOptions kestrel, string path, Peer peer, PeerUsers users)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        RemoveStale(path);
        kestrel.ListenUnixSocket(path, listen => listen.Use(next => async connection =>
        {
            if (users.Admit(connection))
            {
                connection.Features.Set(new PeerFeature(peer));
                await next(connection);
            }
        }));
    }

    public static void RestrictToOwner(string path) => File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>The directory's group is Caddy's, and the socket has it from there.</summary>
    public static void OpenToProxy(string path) =>
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);

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
            // Nothing answers: a killed server left it behind.
            File.Delete(path);
            return;
        }

        throw new InvalidOperationException($"Another server already listens on {path}.");
    }
}
