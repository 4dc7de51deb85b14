using System.Net.Sockets;
using Tidepool.Core.Jobs;
using Tidepool.Host.Files;

namespace Tidepool.Queue.Notifications;

/// <summary>The sending side of a <see cref="UnixNotification"/> in another process: one byte to its socket, if it is there and not full.</summary>
internal sealed class UnixNotificationSender(string path) : INotification, IDisposable
{
    private static readonly byte[] Signal = [1];

    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };

    public void Notify()
    {
        try
        {
            if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            {
                socket.SendTo(Signal, new UnixDomainSocketEndPoint(path));
                return;
            }

            // The directory may be a less privileged process's own, which could redirect root to another socket.
            using var listener = ForeignFile.OpenSocket(path);
            socket.SendTo(Signal, new UnixDomainSocketEndPoint($"/proc/self/fd/{listener.DangerousGetHandle()}"));
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException)
        {
            // No process listens, or so many notifications are waiting already that one more says nothing new.
        }
    }

    /// <exception cref="InvalidOperationException">Always: this process only sends.</exception>
    public Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("This process only sends this notification. Register it with listen: true where it is waited for.");

    public void Dispose() => socket.Dispose();
}
