using System.Net;
using Tidepool.Core.Network;
using Tidepool.Core.Runtime;

namespace Tidepool.Worker.Health;

/// <summary>Asks code-server's <c>/healthz</c>, which answers as soon as the editor can.</summary>
internal sealed class HttpReadinessProbe : IReadinessProbe, IDisposable
{

    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromMilliseconds(250),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2),
    })
    {
        Timeout = TimeSpan.FromSeconds(2),
    };

    public async Task<bool> IsReadyAsync(IPAddress address, CancellationToken cancellationToken)
    {
        try
        {
            var uri = new UriBuilder(Uri.UriSchemeHttp, address.ToString(), WorkspaceNetwork.EditorPort, "/healthz").Uri;
            using var response = await http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Dispose() => http.Dispose();
}
