"""Tries, from inside a workspace, to reach what it is given, and prints what succeeded as JSON. Runs as the workspace's root."""
import json, socket, struct, subprocess, sys, threading, time

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


def ping(host):
    return run("ping", "-c", "1", "-W", "1", host).returncode == 0


def resolve(name):
    return bool(run("getent", "ahostsv4", name).stdout.strip())


def reverse(address):
    return bool(run("getent", "hosts", address).stdout.strip())


def dhcp():
    return run("busybox", "udhcpc", "-n", "-q", "-t", "3", "-T", "1", "-i", "eth0", "-s", "/bin/true").returncode == 0


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


def ip(text):
    return socket.inet_aton(text)


def frame(payload_hex):
    """Puts a frame on the wire as it is."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("eth0", 0))
        for _ in range(3):
            s.send(bytes.fromhex(payload_hex))
    return False


def answers_arp(own_mac, own_ip, target_ip):
    """Whether anybody says where an address is."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as s:
        s.bind(("eth0", 0x0806))
        s.settimeout(1)
        body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac(own_mac) + ip(own_ip) + bytes(6) + ip(target_ip)
        for _ in range(2):
            s.send(b"\xff" * 6 + mac(own_mac) + b"\x08\x06" + body)
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
