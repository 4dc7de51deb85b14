using System.Net;
using System.Text;

namespace Tidepool.EndToEnd.Tests.Isolation;

/// <summary>Ethernet frames that no workspace is to get across, each with a text in it by which a listener knows it.</summary>
internal static class Frames
{
    private const string Everybody = "ffffffffffff";
    private const string AllNodes = "333300000001";

    /// <summary>An ARP answer that claims another machine's address for this hardware.</summary>
    public static string ArpClaim(string own, string to, string claimed, string receiver, string text) =>
        to + own + "0806" + "0001080006040002" + own + Ip(claimed) + to + Ip(receiver) + Hex(text);

    public static string ArpQuestion(string own, string ownAddress, string about, string text) =>
        Everybody + own + "0806" + "0001080006040001" + own + Ip(ownAddress) + "000000000000" + Ip(about) + Hex(text);

    /// <summary>What a DHCP server broadcasts.</summary>
    public static string DhcpOffer(string own, string from, string text) => Udp(Everybody, own, from, "255.255.255.255", 67, 68, text);

    public static string Udp(string to, string own, string from, string target, int sourcePort, int targetPort, string text)
    {
        var payload = Encoding.ASCII.GetBytes(text);
        var udp = $"{sourcePort:x4}{targetPort:x4}{payload.Length + 8:x4}0000" + Hex(text);
        return to + own + "0800" + Header(Checksum(Header("0000"))) + udp;

        string Header(string checksum) => $"4500{payload.Length + 28:x4}000040004011{checksum}{Ip(from)}{Ip(target)}";
    }

    /// <summary>A router's announcement of itself, IPv6.</summary>
    public static string RouterAdvertisement(string own, string text) =>
        AllNodes + own + "86dd" + "6000000000103aff" + "fe800000000000000000000000000001" + "ff020000000000000000000000000001" + "8600000040000708" + Hex(text);

    /// <summary>Hidden in a VLAN.</summary>
    public static string Tagged(string to, string own, string text) => to + own + "8100" + "0001" + "0800" + Hex(text);

    public static string Hex(string text) => Convert.ToHexStringLower(Encoding.ASCII.GetBytes(text));

    private static string Ip(string address) => Convert.ToHexStringLower(IPAddress.Parse(address).GetAddressBytes());

    /// <summary>RFC 1071.</summary>
    private static string Checksum(string header)
    {
        var bytes = Convert.FromHexString(header);
        var sum = 0u;
        for (var i = 0; i < bytes.Length; i += 2)
        {
            sum += (uint)((bytes[i] << 8) | bytes[i + 1]);
        }

        while (sum > 0xffff)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return $"{(ushort)~sum:x4}";
    }
}
