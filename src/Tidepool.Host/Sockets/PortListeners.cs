using System.Globalization;
using System.Net;
using Tidepool.Host.Processes;

namespace Tidepool.Host.Sockets;

/// <summary>A socket that takes connections, as the kernel's tables have it.</summary>
/// <param name="Address">The address that it listens on.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="Inode">The socket's number.</param>
internal sealed record PortListener(IPAddress Address, uint UserId, string Inode)
{
    /// <summary>
    /// Whether Caddy cannot have this address beside it. One for all IPv6 addresses may or may not take IPv4 as well, which the
    /// tables do not say; it is counted as if it did, and takes <c>::1</c> anyway.
    /// </summary>
    public bool Takes(IPAddress address) =>
        Address.Equals(address) || IsAny(address) || Address.Equals(IPAddress.IPv6Any) || (Address.Equals(IPAddress.Any) && address.AddressFamily == Address.AddressFamily);

    /// <summary>The process and its user, as text for the user.</summary>
    public string Describe()
    {
        var user = UserName() ?? $"number {UserId.ToString(CultureInfo.InvariantCulture)}";
        return ProcessTable.All().Where(pid => PortListeners.InodesOf(pid).Contains(Inode)).Select(pid => (int?)pid).FirstOrDefault() is { } owner
            ? $"process {owner} ({ProcessTable.Name(owner)}) of user {user}"
            : $"a process of user {user}";
    }

    private string? UserName()
    {
        try
        {
            return File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(user => user.Length > 2 && user[2] == UserId.ToString(CultureInfo.InvariantCulture))?[0];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}

/// <summary>The processes that listen on a port of this machine.</summary>
internal static class PortListeners
{
    private const string Listening = "0A";
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    public static IReadOnlyList<PortListener> On(int port) =>
        [.. Tables.Where(File.Exists).SelectMany(File.ReadLines).Select(line => Parse(line, port)).OfType<PortListener>()];

    /// <summary>The numbers of a process's sockets; none if this process may not read them.</summary>
    public static IReadOnlySet<string> InodesOf(int pid)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/fd")
                .Select(fd => new FileInfo(fd).LinkTarget)
                .Where(target => target?.StartsWith("socket:[", StringComparison.Ordinal) == true)
                .Select(target => target![8..^1])
                .ToHashSet();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new HashSet<string>();
        }
    }

    /// <summary>From a line of the kernel's table; null if it is not about a socket that listens on that port.</summary>
    internal static PortListener? Parse(string line, int port)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 9 && fields[3] == Listening && fields[1].Split(':') is [var address, var number]
            && int.TryParse(number, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var listening) && listening == port
            && uint.TryParse(fields[7], NumberStyles.None, CultureInfo.InvariantCulture, out var user)
            ? new PortListener(Address(address), user, fields[9])
            : null;
    }

    /// <summary>Words of four bytes, each in the order of a processor that begins with the lowest.</summary>
    private static IPAddress Address(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var word = 0; word < bytes.Length; word += 4)
        {
            Array.Reverse(bytes, word, 4);
        }

        var address = new IPAddress(bytes);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
