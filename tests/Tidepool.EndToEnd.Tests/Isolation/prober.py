"""Tries, from inside a workspace, to reach what it is given, and prints what succeeded as JSON. Runs as the workspace's root."""
import fcntl, json, os, socket, struct, subprocess, sys, threading, time

TIMEOUT = 3


def tcp(host, port):
    with socket.create_connection((host, int(port)), TIMEOUT):
        return True


def tcp6(host, port):
    info = socket.getaddrinfo(host, int(port), socket.AF_INET6, socket.SOCK_STREAM)[0]
    with socket.socket(socket.AF_INET6) as s:
        s.settimeout(TIMEOUT)
        s.connect(info[4])
        return True


def http(url, expected):
    done = run("curl", "--silent", "--max-time", str(TIMEOUT), url)
    return expected in done.stdout


def http_from(address, url):
    return run("curl", "--silent", "--max-time", "2", "--interface", address, url).returncode == 0


def ping_in_frame(to, own_mac, own_ip, host):
    """Whether a host answers an echo request in a frame to a hardware address of the sender's choice."""
    body = struct.pack(">BBHHH", 8, 0, 0, 7, 7) + bytes(16)
    body = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, len(body) + 20, 0, 0, 64, 1, 0, ip(own_ip), ip(host))
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x800)) as s:
        s.bind(("eth0", 0x800))
        s.settimeout(1)
        for _ in range(3):
            s.send(mac(to) + mac(own_mac) + b"\x08\x00" + header + body)
            try:
                while True:
                    got = s.recv(2048)
                    # Echo replies alone: a workspace's kernel answers to itself in no frame.
                    if got[23] == 1 and got[34] == 0 and got[26:30] == ip(host):
                        return True
            except TimeoutError:
                continue
    return False


def steal(neighbours_mac, seconds):
    """Whether frames to a neighbour come here, while this workspace pretends to be the neighbour in frames that every bridge keeps to itself."""
    end = time.monotonic() + float(seconds)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as s:
        s.bind(("eth0", 3))
        s.settimeout(0.002)
        while time.monotonic() < end:
            for last in (0x00, 0x03, 0x0e):
                s.send(bytes.fromhex("0180c20000") + bytes([last]) + mac(neighbours_mac) + b"\x88\xcc" + bytes(46))
            try:
                if s.recv(4096)[:6] == mac(neighbours_mac):
                    return True
            except TimeoutError:
                continue
    return False


def ping(host):
    return run("ping", "-c", "1", "-W", "1", host).returncode == 0


def resolve(name):
    return bool(run("getent", "ahostsv4", name).stdout.strip())


def reverse(address):
    return bool(run("getent", "hosts", address).stdout.strip())


def dhcp():
    return run("busybox", "udhcpc", "-n", "-q", "-t", "3", "-T", "1", "-i", "eth0", "-s", "/bin/true").returncode == 0


def dhcp_as(own_mac, hardware):
    """Whether an address is offered to a request that names this hardware address inside; the frame itself is the guest's own."""
    body = struct.pack(">BBBBIHH", 1, 1, 6, 0, 7, 0, 0x8000) + bytes(16) + mac(hardware) + bytes(10 + 192) + bytes.fromhex("63825363350101ff") + bytes(60)
    datagram = struct.pack(">HHHH", 68, 67, len(body) + 8, 0) + body
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, len(datagram) + 20, 0, 0, 64, 17, 0, bytes(4), b"\xff" * 4)
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x800)) as s:
        s.bind(("eth0", 0x800))
        s.settimeout(TIMEOUT)
        for _ in range(3):
            s.send(b"\xff" * 6 + mac(own_mac) + b"\x08\x00" + header + datagram)
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            got = s.recv(2048)
            if got[23] == 17 and got[34:38] == b"\x00\x43\x00\x44" and got[70:76] == mac(hardware):
                return True
    return False


def chaos(server, name):
    """Whether a resolver answers a question about itself, in the class that is called CHAOS."""
    question = struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0" + struct.pack(">2H", 16, 3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(TIMEOUT)
        s.sendto(question, (server, 53))
        return struct.unpack(">H", s.recv(4096)[6:8])[0] > 0


def subvolume():
    """A btrfs subvolume has a quota of its own. The kernel keeps what is made until the workspace is deleted."""
    folder = os.open("/root", os.O_RDONLY)
    try:
        # A buffer that may change is passed as it is; others may have 1,024 bytes at most.
        fcntl.ioctl(folder, 0x5000940e, bytearray(struct.pack("8x4088s", b"probe-%d" % time.monotonic_ns())))
        return True
    finally:
        os.close(folder)


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def udp(host, port, text):
    """Only sends; whether it arrived is for the listener to say."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.sendto(text.encode(), (host, int(port)))
    return False


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def ip(text):
    return socket.inet_aton(text)


def frame(payload_hex):
    """Puts a frame on the wire as it is."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("eth0", 0))
        for _ in range(3):
            s.send(bytes.fromhex(payload_hex))
    return False


def answers_arp(own_mac, own_ip, target_ip, to="ffffffffffff"):
    """Whether any machine answers for an address."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as s:
        s.bind(("eth0", 0x0806))
        s.settimeout(1)
        body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac(own_mac) + ip(own_ip) + bytes(6) + ip(target_ip)
        for _ in range(2):
            s.send(mac(to) + mac(own_mac) + b"\x08\x06" + body)
            try:
                while True:
                    got = s.recv(2048)
                    if got[20:22] == b"\x00\x02" and got[28:32] == ip(target_ip):
                        return True
            except TimeoutError:
                continue
    return False


def listen(seconds, *markers):
    """Which of the markers came by in any frame. For the one who is not to hear anything."""
    heard = set()
    end = time.monotonic() + float(seconds)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as s:
        s.bind(("eth0", 3))
        s.settimeout(0.2)
        while time.monotonic() < end:
            try:
                got = s.recv(4096)
            except TimeoutError:
                continue
            heard.update(marker for marker in markers if bytes.fromhex(marker) in got)
    return sorted(heard)


def attempt(kind, *arguments):
    try:
        return globals()[kind](*arguments)
    except OSError:
        return False


def main():
    probes = json.load(open(sys.argv[1]))
    results = {}

    def one(probe):
        results[probe[0]] = attempt(*probe[1:])

    threads = [threading.Thread(target=one, args=(probe,)) for probe in probes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(results))


main()
