using System.Net;
using System.Net.Sockets;
using Tidepool.Core.Ports;

namespace Tidepool.Worker.Ports;

/// <summary>Connects and hangs up.</summary>
internal sealed class TcpPortProbe(TimeProvider time) : IPortProbe
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);

    public async Task<bool> AnswersAsync(IPEndPoint port, CancellationToken cancellationToken)
    {
        using var socket = new Socket(port.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await socket.ConnectAsync(port, both.Token);
            return true;
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
