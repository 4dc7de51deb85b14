using System.Net.Sockets;
using Tidepool.Host.Sockets;

namespace Tidepool.Host.Supervision;

/// <summary>The two things the command line says to the Incus daemon of its own.</summary>
internal static class IncusDaemon
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public static async Task<bool> AnswersAsync(string socket, CancellationToken cancellationToken)
    {
        try
        {
            using var http = UnixHttp.Client(socket, "http://incus/", Timeout);
            using var answer = await http.GetAsync(new Uri("1.0", UriKind.Relative), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or SocketException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Asks it to end in good order: machines stopped, bridge taken down, file systems unmounted. False if it does not listen.</summary>
    public static async Task<bool> AskToShutDownAsync(string socket, CancellationToken cancellationToken)
    {
        try
        {
            using var http = UnixHttp.Client(socket, "http://incus/", TimeSpan.FromSeconds(60));
            using var body = new StringContent("{}");
            using var answer = await http.PutAsync(new Uri("internal/shutdown", UriKind.Relative), body, cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or SocketException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
