using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Tidepool.Host.Sockets;

namespace Tidepool.Server.Security;

/// <summary>The client at the other end of one of the server's sockets.</summary>
internal enum Peer
{
    /// <summary>Caddy, for anyone who can reach its ports.</summary>
    Proxy,

    /// <summary>The command line, run by the machine's owner.</summary>
    Owner,
}

/// <summary>By which socket a connection came.</summary>
internal sealed record PeerFeature(Peer Peer);

/// <summary>
/// The users whose processes may connect to a socket, as the kernel names them: root, the server's own user, and those named
/// here. Where the kernel cannot be asked in this way (macOS), the file's mode alone decides.
/// </summary>
internal sealed partial class PeerUsers(params IEnumerable<uint> others)
{
    private const uint Root = 0;
    private readonly HashSet<uint> users = [Root, EffectiveUser(), .. others];

    public bool Admit(ConnectionContext connection) =>
        !OperatingSystem.IsLinux() || (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket && users.Contains(PeerUser.Of(socket)));

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
