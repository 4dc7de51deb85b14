using System.Globalization;
using System.Net;
using Tidepool.Core.Accesses;

namespace Tidepool.Host.Sockets;

/// <summary>Linux's own table of TCP connections, in the network that this process is in. Workspaces have IPv4 addresses.</summary>
public sealed class KernelConnectionTable : IConnectionTable
{
    private const string Table = "/proc/net/tcp";
    private const string Established = "01";

    public IReadOnlyCollection<OpenConnection> Read(IReadOnlySet<IPAddress> remotes)
    {
        if (remotes.Count == 0 || !File.Exists(Table))
        {
            return [];
        }

        try
        {
            return [.. File.ReadLines(Table).Select(Parse).OfType<OpenConnection>().Where(connection => remotes.Contains(connection.Remote.Address))];
        }
        catch (IOException)
        {
            // The kernel's file cannot be read now; the next poll may succeed.
            return [];
        }
    }

    /// <summary>From a line <c>0: 0100007F:1F90 0200007F:BC1A 01 …</c>; null for one that is not open.</summary>
    private static OpenConnection? Parse(string line)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 3 && fields[3] == Established && ParseEnd(fields[1]) is { } local && ParseEnd(fields[2]) is { } remote
            ? new OpenConnection(local.Port, remote)
            : null;
    }

    private static IPEndPoint? ParseEnd(string text) =>
        text.Split(':') is [var address, var port]
        && uint.TryParse(address, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var bits)
        && ushort.TryParse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number)
            // The kernel prints the four bytes as one number of its own byte order.
            ? new IPEndPoint(new IPAddress(BitConverter.GetBytes(bits)), number)
            : null;
}
