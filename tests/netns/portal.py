#!/usr/bin/env python3
"""A phone joins the Wi-Fi of a gateway without internet: dnsmasq, nftables and commonsd as deploy/portal has them.

    phone 10.x.y.2 ---- l0 ---- 10.x.y.1 gateway: dnsmasq :53, nft 80 -> 8080, commonsd :8080

Each system's probe is sent by curl, by the name the system asks for: the page before somebody chose the browser, what the system
calls success afterwards. Port 443 must be refused within a second. Root only; needs dnsmasq, nft and curl.
"""

import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from block import Block  # noqa: E402
from net import Net, inside, ip, usable  # noqa: E402

DEPLOY = pathlib.Path(__file__).resolve().parent.parent.parent / "deploy" / "portal"
APPLE = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
# System, agent, address, and what it takes for success: status and words. No status: the page, always.
PROBES = [
    ("iOS", "CaptiveNetworkSupport-481.60.2 wispr", "http://captive.apple.com/hotspot-detect.html", 200, APPLE),
    ("macOS, old", "CaptiveNetworkSupport-355 wispr", "http://www.apple.com/library/test/success.html", 200, APPLE),
    ("Android", "Dalvik/2.1.0", "http://connectivitycheck.gstatic.com/generate_204", 204, ""),
    ("Android, second", "Dalvik/2.1.0", "http://www.google.com/gen_204", 204, ""),
    ("Chrome", "Mozilla/5.0", "http://clients3.google.com/generate_204", 204, ""),
    ("Xiaomi", "Dalvik/2.1.0", "http://connect.rom.miui.com/generate_204", 204, ""),
    ("Huawei", "Dalvik/2.1.0", "http://connectivitycheck.platform.hicloud.com/generate_204", 204, ""),
    ("Samsung", "Dalvik/2.1.0", "http://connectivitycheck.samsung.com/generate_204", 204, ""),
    ("Windows 10", "Microsoft NCSI", "http://www.msftconnecttest.com/connecttest.txt", 200, "Microsoft Connect Test"),
    ("Windows 10, IPv6", "Microsoft NCSI", "http://ipv6.msftconnecttest.com/connecttest.txt", 200, "Microsoft Connect Test"),
    ("Windows, window", "Mozilla/5.0", "http://www.msftconnecttest.com/redirect", None, ""),
    ("Windows 7", "Microsoft NCSI", "http://www.msftncsi.com/ncsi.txt", 200, "Microsoft NCSI"),
    ("Firefox", "Mozilla/5.0 Firefox/128.0", "http://detectportal.firefox.com/canonical.html", 200,
     '<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'),
    ("Firefox, again", "Mozilla/5.0 Firefox/128.0", "http://detectportal.firefox.com/success.txt?ipv4", 200, "success"),
    ("GNOME", "", "http://nmcheck.gnome.org/check_network_status.txt", 200, "NetworkManager is online"),
    ("Debian", "", "http://network-test.debian.org/nm", 200, "NetworkManager is online"),
    ("Ubuntu", "", "http://connectivity-check.ubuntu.com/", 204, ""),
    ("KDE", "", "http://networkcheck.kde.org/", 200, "OK"),
    ("Fedora", "", "http://fedoraproject.org/static/hotspot.txt", 200, "OK"),
    ("Kindle", "", "http://spectrum.s3.amazonaws.com/kindle-wifi/wifistub.html", 200, "81ce4465-7167-4dcb-835b-dcc9e44c112a"),
]
PRIVATE = re.compile(r"^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|127\.)")


def host(url):
    return url.split("/")[2]


class Portal(Block):
    page, more = "0.0.0.0", "[portal]\nenabled = true\nport = 80\napi = true\n"


class Phone:
    """A namespace whose names are asked of the gateway."""

    def __init__(self, net, gateway, address):
        self.namespace, self.gateway, self.address = net.add("phone"), gateway, address
        self.net = net

    def join(self, gateway_address):
        ip("-n", self.namespace, "route", "add", "default", "via", gateway_address)
        # What `ip netns exec` puts in the place of /etc/resolv.conf.
        folder = pathlib.Path("/etc/netns") / self.namespace
        folder.mkdir(parents=True)
        self.net.later(lambda: shutil.rmtree(folder, ignore_errors=True))
        (folder / "resolv.conf").write_text(f"nameserver {gateway_address}\n")

    def curl(self, *words):
        return subprocess.run(["ip", "netns", "exec", self.namespace, "curl", "-s", "--max-time", "10", *words],
                              capture_output=True, text=True, env={k: v for k, v in os.environ.items() if "proxy" not in k.lower()})

    def get(self, url, agent="", *words):
        """Status, where it leads, body."""
        done = self.curl("-A", agent, "-D", "-", *words, url)
        if done.returncode:
            raise AssertionError(f"{url}: curl ended with {done.returncode}")
        head, _, body = done.stdout.partition("\n\n") if "\r\n\r\n" not in done.stdout else done.stdout.partition("\r\n\r\n")
        where = re.search(r"^location: (\S+)", head, re.M | re.I)
        return int(head.split()[1]), where and where[1], body

    def ask(self, name, kind=1):
        """What the gateway's DNS says: its code, and the last IPv4 address."""
        question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
        with inside(self.namespace):
            asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asking.settimeout(5)
        asking.sendto(struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + question + struct.pack(">HH", kind, 1), (self.gateway, 53))
        answer = asking.recv(2048)
        asking.close()
        found = struct.unpack(">H", answer[6:8])[0]
        return answer[3] & 15, socket.inet_ntoa(answer[-4:]) if found and kind == 1 else None


def adapted(name, device, address):
    """A file of deploy/portal for this cable."""
    text = (DEPLOY / name).read_text()
    return text.replace("wlan0", device).replace("10.44.7.", address.rsplit(".", 1)[0] + ".")


def refused_at_once(phone, address, port):
    with inside(phone.namespace):
        trying = socket.socket()
    trying.settimeout(5)
    began = time.monotonic()
    try:
        trying.connect((address, port))
    except ConnectionRefusedError:
        pass
    else:
        raise AssertionError(f"{address}:{port} was answered")
    finally:
        trying.close()
    took = time.monotonic() - began
    assert took < 1, f"{address}:{port} was refused only after {took:.1f} s"


def check(phone, address):
    page = f"http://{address}/"
    probed = sorted({host(url) for _, _, url, _, _ in PROBES})
    for name in probed:
        assert phone.ask(name) == (0, "192.0.2.1"), (name, phone.ask(name))
        assert not PRIVATE.match(phone.ask(name)[1]), name
    for name in ("example.org", "commons.lan", "maple", "mail.google.com"):
        assert phone.ask(name) == (0, address), (name, phone.ask(name))
    assert phone.ask("example.org", 28) == (0, None), "no IPv6 address, without delay"
    assert phone.ask("use-application-dns.net")[0] == 3, "Firefox must ask us"
    print(f"names: {len(probed)} of probes lead to 192.0.2.1, all others to the gateway")

    for system, agent, url, _, _ in PROBES:
        status, where, _ = phone.get(url, agent)
        assert (status, where) == (302, page), (system, status, where)
    for url in ("http://example.org/some/where", "http://commons.lan/", "http://192.0.2.1/", "http://www.google.com/"):
        status, where, _ = phone.get(url)
        assert (status, where) == (302, page), (url, status, where)
    status, where, body = phone.get(page)
    assert status == 200 and "<main" in body, (status, where)
    assert f'"page":"{page}"' in phone.get(page + "api/v1/info")[2], "the short address is the one to tell people"
    print(f"before the choice: {len(PROBES)} probes are led to {page}, which is there")

    for target in ("192.0.2.1", ):
        for port in (443, 853, 8443):
            refused_at_once(phone, target, port)
    refused_at_once(phone, address, 443)
    done = phone.curl("https://www.google.com/")
    assert done.returncode == 7, f"curl ended with {done.returncode}, not with \"refused\""
    print("https is refused at once")

    assert '"captive":true' in phone.get(page + "portal/api")[2]
    status, _, body = phone.get(page + "portal", "Mozilla/5.0 (Linux; Android 14; wv) CaptivePortalLogin")
    assert status == 200 and 'action="/portal"' in body
    status, _, _ = phone.get("http://captive.apple.com/portal", "", "-d", "choice=browser")
    assert status == 421, "the choice cannot be made under another name"
    status, where, _ = phone.get(page + "portal", "", "-d", "choice=browser")
    assert (status, where) == (303, "/portal"), (status, where)
    for system, agent, url, wanted, words in PROBES:
        status, where, body = phone.get(url, agent)
        if wanted is None:
            assert (status, where) == (302, page), (system, status, where)
            continue
        assert status == wanted, (system, status)
        assert words in body if "kindle" in url else words == body.strip(), (system, body)
    assert '"captive":false' in phone.get(page + "portal/api")[2]
    print("after the choice: each system gets what it calls success")


def main():
    why = usable()
    missing = [tool for tool in ("dnsmasq", "nft", "curl") if not shutil.which(tool)]
    if why or missing:
        print(why or f"missing: {', '.join(missing)} (packages dnsmasq-base, nftables, curl)")
        return 1
    net = Net()
    gateway = Portal(net, "gateway")
    phone = Phone(net, None, None)
    link = net.join(gateway.namespace, phone.namespace)
    address = link.addresses[0]
    phone.gateway = address
    phone.join(address)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix=net.mark))
    net.later(lambda: shutil.rmtree(scratch, ignore_errors=True))

    (scratch / "dnsmasq.conf").write_text(adapted("dnsmasq.conf", link.device, address))
    (scratch / "portal.nft").write_text(adapted("portal.nft", link.device, address))
    with inside(gateway.namespace):
        subprocess.run(["dnsmasq", "--test", f"--conf-file={scratch}/dnsmasq.conf"], check=True, capture_output=True)
        # Twice: a second load must not double the rules.
        for words in (["-c"], [], []):
            subprocess.run(["nft", *words, "-f", f"{scratch}/portal.nft"], check=True)
        listed = subprocess.run(["nft", "list", "ruleset"], check=True, capture_output=True, text=True).stdout
        assert listed.count("redirect to") == 1, listed
        names = subprocess.Popen(["dnsmasq", "--keep-in-foreground", f"--conf-file={scratch}/dnsmasq.conf", "--user=root",
                                  f"--pid-file={scratch}/pid", f"--dhcp-leasefile={scratch}/leases"])
    net.later(lambda: (names.terminate(), names.wait()))
    gateway.start()
    deadline = time.monotonic() + 20
    while True:
        try:
            phone.ask("example.org")
            break
        except OSError:
            assert time.monotonic() < deadline and names.poll() is None, "dnsmasq does not answer"
            time.sleep(0.1)
    check(phone, address)
    print("the portal: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
