using System.Net.Sockets;

namespace Tidepool.Host.Sockets;

/// <summary>HTTP over a Unix socket. A redirect is an answer like any other: a request goes where its sender meant it to go.</summary>
public static class UnixHttp
{
    /// <summary>What a client keeps of one answer: the process at the other end may be compromised.</summary>
    private const long MaxAnswerBytes = 16L << 20;

    /// <param name="socket">The socket's file.</param>
    /// <param name="listener">Gives the user that must be listening, as the kernel names it, at each connection; null for any. A connection to another is a failed one.</param>
    public static SocketsHttpHandler Handler(string socket, Func<uint?>? listener = null) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectCallback = async (_, cancellationToken) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
                if (listener?.Invoke() is { } user && PeerUser.Of(connection) is var other && other != user)
                {
                    throw new IOException($"User {other} listens on {socket} and not user {user}.");
                }

                return new NetworkStream(connection, ownsSocket: true);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        },
    };

    /// <param name="socket">The socket's file.</param>
    /// <param name="baseAddress">What the paths of requests are relative to; its host name is never resolved.</param>
    /// <param name="timeout">How long one request may take.</param>
    /// <param name="listener">The user that must be listening; null for any.</param>
    public static HttpClient Client(string socket, string baseAddress, TimeSpan timeout, uint? listener = null) =>
        new(Handler(socket, () => listener)) { BaseAddress = new Uri(baseAddress), Timeout = timeout, MaxResponseContentBufferSize = MaxAnswerBytes };
}
