using System.Globalization;
using System.Net;
using System.Text;
using Tidepool.Core.Network;

namespace Tidepool.Runtime.Boundary;

/// <summary>
/// The wall as a script for <c>nft</c>. Pure. It stands by itself: what the runtime's own rules forbid is forbidden here once more.
/// A packet that any table drops is gone, so the runtime's rules and these can only take away from each other.
/// </summary>
internal static class BoundaryScript
{
    private const int EditorPort = 8080;

    /// <summary>What is nobody's on the internet: private, shared, link-local, loopback, benchmark, multicast and reserved (RFC 6890).</summary>
    private static readonly IReadOnlyList<IPNetwork> NeverPublic =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("224.0.0.0/3"),
        // A public number by which one cloud's machines reach their host's own services.
        IPNetwork.Parse("168.63.129.16/32"),
    ];

    /// <summary>The name of our tables, one of the family inet and one of the family bridge.</summary>
    public static string TableOf(string bridge) => "tidepool_" + bridge;

    /// <param name="rules">What is to hold.</param>
    /// <param name="local">The networks that this machine is on: somebody's LAN, whatever their numbers are.</param>
    public static string Render(NetworkRules rules, IEnumerable<IPNetwork> local)
    {
        var network = rules.Network;
        var table = TableOf(network.Bridge);
        var (bridge, gateway, subnet) = (network.Bridge, network.Gateway, network.Subnet);
        var forbidden = Elements(NeverPublic.Concat(local).Distinct().Select(n => n.ToString()).Order(StringComparer.Ordinal));
        var opened = Elements(rules.Opened.Select(e => $"{e.Address} . {Text(e.Port)}"));
        var links = Elements(network.Links.Select(l => $"\"{l.Interface}\" . {Mac(l)} . {l.Address}").Order(StringComparer.Ordinal));
        var ports = Elements(network.Links.Select(l => $"\"{l.Interface}\" . {Mac(l)}").Order(StringComparer.Ordinal));
        var leave = network.ReachesInternet ? "ip daddr @forbidden reject with icmpx admin-prohibited" : "reject with icmpx admin-prohibited";

        return $$"""
            table inet {{table}}
            delete table inet {{table}}
            table bridge {{table}}
            delete table bridge {{table}}

            table inet {{table}} {
              set forbidden { type ipv4_addr; flags interval; auto-merge; {{forbidden}} }
              set opened { type ipv4_addr . inet_service; {{opened}} }

              # From a workspace to this machine: an address and names, and answers to what this machine asked.
              chain input {
                type filter hook input priority filter - 10; policy accept;
                iifname != "{{bridge}}" accept
                ct state established ct direction reply accept
                udp sport 68 udp dport 67 ip daddr { {{gateway}}, 255.255.255.255 } accept
                ip saddr {{subnet}} ip daddr {{gateway}} meta l4proto { tcp, udp } th dport 53 accept
                meta l4proto tcp reject with tcp reset
                drop
              }

              # From this machine to a workspace: the editor and the registered ports. A port that is taken back ends its streams.
              chain output {
                type filter hook output priority filter - 10; policy accept;
                oifname != "{{bridge}}" accept
                ct state related accept
                ct direction reply accept
                udp sport 67 udp dport 68 accept
                ip daddr {{subnet}} tcp dport {{Text(EditorPort)}} jump ours
                ip daddr . tcp dport @opened jump ours
                meta l4proto tcp reject with tcp reset
                reject with icmpx admin-prohibited
              }

              # The editor asks for no password: only root's processes, the proxy and the worker, begin a connection.
              chain ours {
                ct state established accept
                meta skuid 0 accept
              }

              chain forward {
                type filter hook forward priority filter - 10; policy accept;
                iifname "{{bridge}}" jump leaving
                oifname "{{bridge}}" jump entering
              }

              chain leaving {
                ct state invalid drop
                oifname "{{bridge}}" drop
                meta nfproto != ipv4 drop
                ip saddr != {{subnet}} drop
                {{leave}}
              }

              chain entering {
                ct state related accept
                ct state established ct direction reply accept
                drop
              }

              chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                ip saddr {{subnet}} oifname != "{{bridge}}" masquerade
              }
            }

            table bridge {{table}} {
              set links { type ifname . ether_addr . ipv4_addr; {{links}} }
              set ports { type ifname . ether_addr; {{ports}} }

              # Each machine speaks IPv4 and ARP only, from its own addresses only, and asks after nobody but this machine.
              chain prerouting {
                type filter hook prerouting priority filter; policy accept;
                iifname != "{{network.PortPrefix}}*" accept
                ether type arp jump arps
                ether type ip jump packets
                drop
              }

              chain arps {
                iifname . ether saddr @ports iifname . arp saddr ether . arp saddr ip @links arp daddr ip {{gateway}} accept
                drop
              }

              chain packets {
                iifname . ether saddr . ip saddr @links accept
                iifname . ether saddr @ports ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept
                drop
              }

              # Nothing passes from one machine to another; broadcasts reach this machine alone.
              chain forward {
                type filter hook forward priority filter; policy accept;
                iifname "{{network.PortPrefix}}*" drop
                oifname "{{network.PortPrefix}}*" drop
              }
            }

            """;
    }

    private static string Elements(IEnumerable<string> elements)
    {
        var list = string.Join(", ", elements);
        return list.Length == 0 ? "" : $"elements = {{ {list} }}";
    }

    private static string Mac(NetworkLink link)
    {
        var text = new StringBuilder();
        foreach (var octet in link.HardwareAddress.GetAddressBytes())
        {
            text.Append(text.Length == 0 ? "" : ":").Append(octet.ToString("x2", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
