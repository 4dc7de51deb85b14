using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Tidepool.Cli.Processes;

namespace Tidepool.Cli.Host;

/// <summary>Whether a port can be listened on, and who has it if not.</summary>
internal static class ListeningPort
{
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    private const string Listening = "0A";

    public static bool IsFree(string address, int port)
    {
        if (!IPAddress.TryParse(address, out var ip))
        {
            ip = IPAddress.Loopback;
        }

        try
        {
            using var listener = new TcpListener(ip, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Whether somebody takes connections there.</summary>
    public static async Task<bool> AnswersAsync(string address, int port, CancellationToken cancellationToken)
    {
        var target = IPAddress.Parse(address) switch
        {
            var any when any.Equals(IPAddress.Any) => IPAddress.Loopback,
            var any when any.Equals(IPAddress.IPv6Any) => IPAddress.IPv6Loopback,
            var one => one,
        };
        using var client = new TcpClient(target.AddressFamily);
        try
        {
            await client.ConnectAsync(target, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The process that listens there; null if it cannot be told.</summary>
    public static int? OwnerOf(int port)
    {
        var inodes = Tables.Where(File.Exists).SelectMany(File.ReadLines).Select(line => InodeOf(line, port)).OfType<string>().ToHashSet();
        return inodes.Count == 0 ? null : ProcessTable.All().Select(pid => (int?)pid).FirstOrDefault(pid => HasSocket(pid!.Value, inodes));
    }

    /// <summary>The socket's number, if a line of the kernel's table is about someone listening on that port.</summary>
    internal static string? InodeOf(string line, int port)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 9 && fields[3] == Listening && fields[1].EndsWith(":" + port.ToString("X4", CultureInfo.InvariantCulture), StringComparison.Ordinal) ? fields[9] : null;
    }

    private static bool HasSocket(int pid, HashSet<string> inodes)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{pid}/fd").Any(fd => new FileInfo(fd).LinkTarget is { } target && target.StartsWith("socket:[", StringComparison.Ordinal) && inodes.Contains(target[8..^1]));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
