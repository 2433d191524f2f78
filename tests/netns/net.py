"""Network namespaces, cables between them, and what crosses them. Root only; leaves nothing behind.

Every namespace is called `cmn<pid>-<name>`. They go away at the end, after Ctrl-C, after a failure; what a killed run has
left is swept away by the next one. Two kinds of cable: `veth` (the kernel's) and `wire` (wire.py: delay, loss, rate).
"""

import atexit
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

CLONE_NEWNET = 0x40000000
HERE = pathlib.Path(__file__).resolve().parent
LIBC = ctypes.CDLL(None, use_errno=True)
# Off, so that an interface counts the frames that would be on a cable, not 64 KiB giants.
OFFLOADS = {"rx checksum": 0x15, "tx checksum": 0x17, "tso": 0x1F, "gso": 0x24, "gro": 0x2C}
SIOCETHTOOL = 0x8946


def ip(*words):
    done = subprocess.run(["ip", *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"ip {' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def setns(path):
    with open(path) as file:
        if LIBC.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")


@contextlib.contextmanager
def inside(namespace):
    """This thread, and what it starts or opens meanwhile, is in the namespace."""
    own = os.open(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net", os.O_RDONLY)
    try:
        setns(f"/run/netns/{namespace}")
        yield
    finally:
        LIBC.setns(own, CLONE_NEWNET)
        os.close(own)


def dial(namespace, port, address="127.0.0.1", patience=20):
    with inside(namespace):
        stream = socket.socket()
    stream.settimeout(patience)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.connect((address, port))
    return stream


def usable():
    """None, or why namespaces cannot be made here."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    try:
        name = f"cmn{os.getpid()}-try"
        ip("netns", "add", name)
        ip("netns", "del", name)
    except OSError as error:
        return f"network namespaces cannot be made here: {error}"
    return None


class Net:
    """All namespaces and cables of one run."""

    def __init__(self):
        self.mark, self.names, self.links, self.ends = f"cmn{os.getpid()}-", [], [], []
        self.sweep()
        atexit.register(self.end)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(1))

    def sweep(self):
        """What a killed run has left: its namespaces, and the processes in them."""
        for name in re.findall(r"^(cmn(\d+)-\S+)", ip("netns", "list"), re.M):
            if not os.path.exists(f"/proc/{name[1]}"):
                discard(name[0])
        for home in pathlib.Path(tempfile.gettempdir()).glob("cmn*-*"):
            pid = re.match(r"cmn(\d+)-", home.name)
            if pid and not os.path.exists(f"/proc/{pid[1]}"):
                shutil.rmtree(home, ignore_errors=True)

    def add(self, name):
        name = self.mark + name
        ip("netns", "add", name)
        self.names.append(name)
        ip("-n", name, "link", "set", "lo", "up")
        with inside(name):
            for key in ("all", "default"):
                # Neighbour discovery and its like would be counted as traffic.
                pathlib.Path(f"/proc/sys/net/ipv6/conf/{key}/disable_ipv6").write_text("1")
        return name

    def join(self, one, other, kind="veth", **rules):
        link = Link(self, one, other, kind, rules)
        self.links.append(link)
        return link

    def later(self, end):
        """Called at the end, last one first."""
        self.ends.append(end)

    def clear(self):
        """Ends everything that was made so far."""
        while self.ends:
            with contextlib.suppress(Exception):
                self.ends.pop()()
        while self.links:
            self.links.pop().end()
        while self.names:
            discard(self.names.pop())

    def end(self):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.clear()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def discard(name):
    with contextlib.suppress(OSError):
        for pid in ip("netns", "pids", name).split():
            if int(pid) != os.getpid():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        ip("netns", "del", name)


class Link:
    """A cable. The one end has address `.1`, the other `.2`, of a network of its own."""

    def __init__(self, net, one, other, kind, rules):
        number = len(net.links)
        self.kind, self.namespaces, self.device = kind, (one, other), f"l{number}"
        self.addresses = f"10.{77 + number // 250}.{number % 250}.1", f"10.{77 + number // 250}.{number % 250}.2"
        self.process = None
        if kind == "veth":
            ip("-n", one, "link", "add", self.device, "type", "veth", "peer", "name", self.device, "netns", other)
        else:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "wire.py"), one, self.device, other, self.device, str(number + 1)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            if not self.process.stdout.readline():
                raise OSError("the wire did not start")
        for namespace, address in zip(self.namespaces, self.addresses):
            if kind == "veth":
                plain(namespace, self.device)
            ip("-n", namespace, "addr", "add", f"{address}/24", "dev", self.device)
            ip("-n", namespace, "link", "set", self.device, "up")
        if rules:
            self.set(**rules)

    def set(self, **rules):
        """New rules of a wire; what it has carried so far."""
        self.process.stdin.write(json.dumps(rules) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def down(self):
        """Pulled out at both ends, as a cable is."""
        for namespace in self.namespaces:
            ip("-n", namespace, "link", "set", self.device, "down")

    def up(self):
        for namespace in self.namespaces:
            ip("-n", namespace, "link", "set", self.device, "up")

    def limit(self, kbit):
        """Both ends send so fast at most: tbf, if this kernel has it. Says whether."""
        for namespace in self.namespaces:
            with inside(namespace):
                done = subprocess.run(["tc", "qdisc", "replace", "dev", self.device, "root", "tbf", "rate", f"{kbit}kbit",
                                       "burst", "4kb", "limit", "32kb"], capture_output=True)
            if done.returncode:
                return False
        return True

    def counted(self):
        """Ethernet bytes and frames that the first end has sent, and received."""
        told = json.loads(ip("-n", self.namespaces[0], "-s", "-j", "link", "show", "dev", self.device))[0]["stats64"]
        return {"out": told["tx"]["bytes"], "in": told["rx"]["bytes"], "bytes": told["tx"]["bytes"] + told["rx"]["bytes"],
                "frames": told["tx"]["packets"] + told["rx"]["packets"]}

    def end(self):
        if self.process:
            self.process.stdin.close()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def plain(namespace, device):
    """Offloads off."""
    with inside(namespace):
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for command in OFFLOADS.values():
        value = ctypes.create_string_buffer(struct.pack("II", command, 0))
        with contextlib.suppress(OSError):
            fcntl.ioctl(control, SIOCETHTOOL, struct.pack("16sP16x", device.encode(), ctypes.addressof(value)))
    control.close()


class Tap:
    """Listens on one device and counts: TCP payload by port, and the rest. For quiet links; a flood may outrun it."""

    def __init__(self, namespace, device, keep=False):
        self.kept = {} if keep else None
        with inside(namespace):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.socket.bind((device, 0))
        self.socket.settimeout(0.1)
        self.counts = {"tcp payload": 0, "tcp frames": 0, "udp": 0, "other": 0, "bytes": 0}
        self.going = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        counts = self.counts
        while self.going:
            try:
                frame = self.socket.recv(65535)
            except TimeoutError:
                continue
            except OSError:
                return
            counts["bytes"] += len(frame)
            if frame[12:14] != b"\x08\x00":
                counts["other"] += len(frame)
            elif frame[23] == 6:
                head = (frame[14] & 15) * 4
                length = struct.unpack(">H", frame[16:18])[0]
                start = 14 + head + (frame[14 + head + 12] >> 4) * 4
                payload = frame[start:14 + length]
                counts["tcp payload"] += len(payload)
                counts["tcp frames"] += 1
                if self.kept is not None and payload:
                    number = struct.unpack(">I", frame[14 + head + 4:14 + head + 8])[0]
                    flow = frame[26:34] + frame[14 + head:14 + head + 4]
                    self.kept.setdefault(flow, {})[number] = payload
            elif frame[23] == 17:
                counts["udp"] += len(frame)
            else:
                counts["other"] += len(frame)

    def end(self):
        self.going = False
        self.thread.join()
        self.socket.close()
        return self.counts

    def streams(self):
        """What each side of each connection said, whole. Numbers that wrap would mix it up: one in many thousand runs."""
        return [b"".join(piece for _, piece in sorted(pieces.items())) for pieces in self.kept.values()]
