using System.Net;

namespace Tidepool.Worker.Hosting;

/// <summary>The names by which other machines know this one, where Tidepool listens for them.</summary>
internal static class MachineNames
{
    /// <param name="listen">The address that Caddy listens on. On loopback this machine goes by no other name than localhost.</param>
    public static IReadOnlyList<string> Of(string listen)
    {
        if (IPAddress.TryParse(listen, out var address) && IPAddress.IsLoopback(address))
        {
            return [];
        }

        // The second is how home networks find machines without a name server (RFC 6762).
        var name = Dns.GetHostName().ToLowerInvariant();
        return [name, name.Split('.')[0] + ".local"];
    }
}
