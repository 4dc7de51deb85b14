using System.Net.Sockets;
using Tidepool.Core.Jobs;

namespace Tidepool.Queue.Notifications;

/// <summary>
/// The listening side of notifications between processes: a datagram socket at a path, for its owner and, where that is requested, for
/// the group of its directory. What its own process sends arrives as well.
/// </summary>
internal sealed class UnixNotification : INotification, IAsyncDisposable, IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerAndGroup = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private readonly string path;
    private readonly InMemoryNotification local;
    private readonly Socket socket;
    private readonly Task listening;

    /// <exception cref="InvalidOperationException">Another process listens at the path.</exception>
    public UnixNotification(string path, bool forGroup, TimeProvider time)
    {
        this.path = path;
        local = new InMemoryNotification(time);
        socket = Listen(path, forGroup ? OwnerAndGroup : OwnerOnly);
        listening = PassOnAsync();
    }

    public void Notify() => local.Notify();

    public Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => local.WaitAsync(timeout, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Dispose();
        await listening;
    }

    public void Dispose()
    {
        if (!socket.SafeHandle.IsClosed)
        {
            File.Delete(path);
            socket.Dispose();
        }
    }

    /// <summary>Binds beside the path and moves the socket there: it takes the place of a dead one in one step, and no one sees it with wider rights.</summary>
    private static Socket Listen(string path, UnixFileMode mode)
    {
        if (IsAnswered(path))
        {
            throw new InvalidOperationException($"Another process already listens at '{path}'. Stop it first, or give this one a state folder of its own.");
        }

        var making = $"{path}.{Environment.ProcessId}";
        var bound = NewSocket();
        try
        {
            File.Delete(making);
            bound.Bind(new UnixDomainSocketEndPoint(making));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(making, mode);
            }

            File.Move(making, path, overwrite: true);
            return bound;
        }
        catch
        {
            bound.Dispose();
            throw;
        }
    }

    private static bool IsAnswered(string path)
    {
        using var probe = NewSocket();
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Socket NewSocket() => new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    private async Task PassOnAsync()
    {
        var signal = new byte[1];
        while (true)
        {
            try
            {
                await socket.ReceiveAsync(signal);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }

            local.Notify();
        }
    }
}
