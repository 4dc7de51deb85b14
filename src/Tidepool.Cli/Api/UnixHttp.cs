using System.Net.Sockets;

namespace Tidepool.Cli.Api;

/// <summary>HTTP over a Unix socket.</summary>
internal static class UnixHttp
{
    public static HttpClient Client(string socket, string baseAddress, TimeSpan timeout) =>
        new(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        })
        {
            BaseAddress = new Uri(baseAddress),
            Timeout = timeout,
        };
}
