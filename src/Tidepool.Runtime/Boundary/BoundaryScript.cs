using System.Globalization;
using System.Net;
using System.Text;
using Tidepool.Core.Network;
using Tidepool.Host.State;

namespace Tidepool.Runtime.Boundary;

/// <summary>
/// The firewall rules as a script for <c>nft</c>. Pure. They suffice by themselves: they also forbid what the runtime's own rules
/// forbid. A packet that any table drops is gone, so neither set of rules can allow what the other forbids.
/// </summary>
internal static class BoundaryScript
{
    /// <summary>How the names of those sets begin that packets fill.</summary>
    public const string PacketSets = "seen";

    /// <summary>
    /// How many connections of one workspace the kernel keeps in mind, of the machine's 65,536 or more: the owner's own connections are in
    /// the same table. A connection that has ended counts for two more minutes.
    /// </summary>
    private const int MostConnections = 4000;

    private const int NamesPerSecond = 200;

    /// <summary>The resolver serves 20 connections at once, one question each.</summary>
    private const int MostResolverConnections = 3;

    /// <summary>Addresses that are not public: private, shared, link-local, loopback, benchmark, multicast and reserved (RFC 6890).</summary>
    private static readonly IReadOnlyList<IPNetwork> NeverPublic =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("198.18.0.0/15"), IPNetwork.Parse("224.0.0.0/3"),
        // A public number by which one cloud's machines reach their host's own services.
        IPNetwork.Parse("168.63.129.16/32"),
    ];

    /// <param name="rules">What is to hold.</param>
    /// <param name="local">The networks that this machine is on: a LAN, even if its addresses are public ones.</param>
    /// <param name="proxyUser">The user that the proxy runs as; null where it is root.</param>
    /// <param name="workspacePort">Where the proxy takes sessions.</param>
    public static string Render(NetworkRules rules, IEnumerable<IPNetwork> local, uint? proxyUser, int workspacePort)
    {
        var network = rules.Network;
        var table = NetworkNames.TableOf(network.Bridge);
        var (bridge, gateway, subnet) = (network.Bridge, network.Gateway, network.Subnet);
        var forbidden = Elements(NeverPublic.Concat(local).Distinct().Select(n => n.ToString()).Order(StringComparer.Ordinal));
        var opened = Elements(rules.Opened.Select(e => $"{e.Address} . {Text(e.Port)}"));
        var links = Elements(network.Links.Select(l => $"\"{l.Interface}\" . {Mac(l)} . {l.Address}").Order(StringComparer.Ordinal));
        var ports = Elements(network.Links.Select(l => $"\"{l.Interface}\" . {Mac(l)}").Order(StringComparer.Ordinal));
        var homes = Elements(network.Links.Select(l => $"\"{l.Interface}\" . {l.Address}").Order(StringComparer.Ordinal));
        var clients = Elements(network.Links.Select(l => $"\"{l.Interface}\" . 0x{Mac(l).Replace(":", "", StringComparison.Ordinal)}").Order(StringComparer.Ordinal));
        var own = Elements(network.Links.SelectMany(l => new[] { l.Address, IPAddress.Any }.Select(a => $"\"{l.Interface}\" . 0x{Convert.ToHexStringLower(a.GetAddressBytes())}")).Order(StringComparer.Ordinal));
        var users = proxyUser is { } user ? string.Create(CultureInfo.InvariantCulture, $"{{ 0, {user} }}") : "0";
        var leave = network.ReachesInternet ? "ip daddr @forbidden reject with icmpx admin-prohibited" : "reject with icmpx admin-prohibited";

        return $$"""
            table inet {{table}}
            delete table inet {{table}}
            table bridge {{table}}
            delete table bridge {{table}}
            table arp {{table}}
            delete table arp {{table}}

            table inet {{table}} {
              set forbidden { type ipv4_addr; flags interval; auto-merge; {{forbidden}} }
              set opened { type ipv4_addr . inet_service; {{opened}} }

              set {{PacketSets}}_connections { type ipv4_addr; flags dynamic; size 65535; }
              set {{PacketSets}}_resolving { type ipv4_addr; flags dynamic; size 65535; }
              set {{PacketSets}}_questions { type ipv4_addr; flags dynamic,timeout; timeout 10s; size 65535; }
              set {{PacketSets}}_users4 { typeof ip saddr . tcp sport . meta skuid; flags dynamic,timeout; timeout 10s; size 262144; }
              set {{PacketSets}}_ports4 { typeof ip saddr . tcp sport; flags dynamic,timeout; timeout 10s; size 262144; }
              set {{PacketSets}}_users6 { typeof ip6 saddr . tcp sport . meta skuid; flags dynamic,timeout; timeout 10s; size 262144; }
              set {{PacketSets}}_ports6 { typeof ip6 saddr . tcp sport; flags dynamic,timeout; timeout 10s; size 262144; }

              # A bridge keeps frames to link-local hardware addresses to itself, before any of its rules: the kernel takes what is in them
              # as received on the machine's own end of the link. Nothing else comes by that way. This comes before the kernel puts
              # fragments together, which is at -400.
              chain links {
                type filter hook prerouting priority -450; policy accept;
                iifname "{{network.PortPrefix}}*" drop
              }

              # From a workspace to this machine: an address and names, and answers to what this machine asked.
              chain input {
                type filter hook input priority filter - 10; policy accept;
                iifname != "{{bridge}}" accept
                ct state established ct direction reply accept
                ct state new add @{{PacketSets}}_connections { ip saddr ct count over {{Text(MostConnections)}} } drop
                udp sport 68 udp dport 67 ip daddr { {{gateway}}, 255.255.255.255 } accept
                udp dport 53 update @{{PacketSets}}_questions { ip saddr limit rate over {{Text(NamesPerSecond)}}/second burst {{Text(NamesPerSecond)}} packets } drop
                tcp dport 53 ct state new add @{{PacketSets}}_resolving { ip saddr ct count over {{Text(MostResolverConnections)}} } reject with tcp reset
                ip saddr {{subnet}} ip daddr {{gateway}} meta l4proto { tcp, udp } th dport 53 accept
                meta l4proto tcp reject with tcp reset
                drop
              }

              # From this machine to a workspace: the editor and the registered ports. A port that is taken back ends its streams.
              chain output {
                type filter hook output priority filter - 10; policy accept;
                oifname "lo" tcp dport {{Text(workspacePort)}} jump sessions
                oifname != "{{bridge}}" accept
                ct state related accept
                ct direction reply accept
                udp sport 67 udp dport 68 accept
                ip daddr {{subnet}} tcp dport {{Text(WorkspaceNetwork.EditorPort)}} jump ours
                ip daddr . tcp dport @opened jump ours
                meta l4proto tcp reject with tcp reset
                reject with icmpx admin-prohibited
              }

              # The server asks the kernel which user of this machine has a connection by which a session comes. A user who resets the
              # connection and leaves its port to another user would be taken for that one, so for a while no other user gets the port.
              # Only connections that came about count: packets that lead nowhere fill no set. No program connects from
              # the other loopback addresses without saying so, and each local address has fewer ports than a set has room.
              chain sessions {
                ip saddr 127.0.0.0/8 ip saddr != 127.0.0.1 return
                tcp flags & (syn | ack) == syn ip saddr . tcp sport @{{PacketSets}}_ports4 ip saddr . tcp sport . meta skuid != @{{PacketSets}}_users4 reject with tcp reset
                tcp flags & (syn | ack) == syn ip6 saddr . tcp sport @{{PacketSets}}_ports6 ip6 saddr . tcp sport . meta skuid != @{{PacketSets}}_users6 reject with tcp reset
                ct state != established return
                update @{{PacketSets}}_users4 { ip saddr . tcp sport . meta skuid }
                update @{{PacketSets}}_ports4 { ip saddr . tcp sport }
                update @{{PacketSets}}_users6 { ip6 saddr . tcp sport . meta skuid }
                update @{{PacketSets}}_ports6 { ip6 saddr . tcp sport }
              }

              # The editor asks for no password: only the proxy and root's processes, the worker among them, begin a connection.
              chain ours {
                ct state established accept
                meta skuid {{users}} accept
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
                ct state new add @{{PacketSets}}_connections { ip saddr ct count over {{Text(MostConnections)}} } drop
                {{leave}}
              }

              chain entering {
                ct state related accept
                ct state established ct direction reply accept
                drop
              }

              chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                # Under ports on which no service of this machine listens: a workspace that had a service's own port would be given the
                # connections of that service's clients, as the answers to its own.
                ip saddr {{subnet}} oifname != "{{bridge}}" meta l4proto { tcp, udp } masquerade to :{{Text(NetworkNames.FirstNatPort)}}-65535
                ip saddr {{subnet}} oifname != "{{bridge}}" masquerade
              }
            }

            table bridge {{table}} {
              set links { type ifname . ether_addr . ipv4_addr; {{links}} }
              set ports { type ifname . ether_addr; {{ports}} }
              set homes { type ifname . ipv4_addr; {{homes}} }
              set clients { typeof iifname . @th,288,48; {{clients}} }
              set addresses { typeof iifname . @th,160,32; {{own}} }

              # Each machine sends IPv4 and ARP only, from its own addresses only, and resolves this machine's address only.
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
                # What this machine puts together from fragments is read by none of these rules, and it keeps the fragments of all
                # workspaces in one place, which a single workspace could fill.
                ip frag-off & 0x3fff != 0 drop
                udp dport 67 goto requests
                iifname . ether saddr . ip saddr @links accept
                drop
              }

              # A DHCP request names a hardware address inside, too: byte 2 is its length, and byte 28 is where it begins. A request
              # that names another machine's, or is too short to name one, is dropped. Byte 12 is where the answer is to go: to an
              # address that the machine has, or to none yet.
              chain requests {
                @th,80,8 6 iifname . @th,288,48 @clients iifname . @th,160,32 @addresses iifname . ether saddr . ip saddr @links accept
                @th,80,8 6 iifname . @th,288,48 @clients @th,160,32 0 iifname . ether saddr @ports ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 accept
                drop
              }

              # This machine's frames reach only the machine that they are for, also where the bridge does not know which that is.
              chain output {
                type filter hook output priority filter; policy accept;
                oifname != "{{network.PortPrefix}}*" accept
                oifname . ether daddr @ports accept
                ether daddr ff:ff:ff:ff:ff:ff oifname . arp daddr ip @homes accept
                ether daddr ff:ff:ff:ff:ff:ff ip saddr {{gateway}} udp sport 67 udp dport 68 oifname . @th,288,48 @clients accept
                drop
              }

              # Nothing passes from one machine to another; broadcasts reach this machine alone.
              chain forward {
                type filter hook forward priority filter; policy accept;
                iifname "{{network.PortPrefix}}*" drop
                oifname "{{network.PortPrefix}}*" drop
              }
            }

            table arp {{table}} {
              chain links {
                type filter hook input priority filter; policy accept;
                iifname "{{network.PortPrefix}}*" drop
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
