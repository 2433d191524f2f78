"""A gateway in its own namespace, and phones at it."""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from gateway import binary, wait_for  # noqa: E402
from mqtt import Packets, packet, text  # noqa: E402
from net import dial, inside  # noqa: E402

MQTT, HTTP = 1883, 8080
ROOMY = """
[limits]
posts_per_minute = 1_000_000
posts_burst = 1_000_000
open_items_per_sender_max = 1_000_000
"""


class Block:
    """A gateway. `home` survives kill -9, wipe and restart."""

    # Where its page listens, and what more its configuration says.
    page, more = "127.0.0.1", ""

    def __init__(self, net, name, beacon=False):
        self.name, self.namespace = name, net.add(name)
        self.home = tempfile.mkdtemp(prefix=net.mark)
        net.later(self.end)
        self.data = os.path.join(self.home, "data")
        self.calls, self.beacon, self.process, self.log = [], beacon, None, []
        self.init()

    def init(self):
        printed = self.cli("init", "--name", self.name)
        self.id = re.search(r"^id +([0-9a-f]{64})$", printed, re.M)[1]

    def cli(self, *words, good=True):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COMMONSD_")}
        with inside(self.namespace):
            done = subprocess.run([binary(), *words, "--data", self.data], capture_output=True, text=True, env=environment,
                                  timeout=120)
        if good and done.returncode:
            raise AssertionError(f"commonsd {' '.join(words)} at {self.name}: {done.stderr.strip()}")
        return done.stdout

    def configure(self):
        listed = ", ".join(f'"{call}"' for call in self.calls)
        with open(os.path.join(self.data, "commonsd.toml"), "w") as file:
            file.write(f'[gateway]\nname = "{self.name}"\n[peers]\ncall = [{listed}]\n'
                       f'beacon = [{chr(34) + "all" + chr(34) if self.beacon else ""}]\n{ROOMY}{self.more}')

    def start(self):
        self.configure()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COMMONSD_")}
        environment["COMMONSD_LOG"] = "info,commonsd::peers=debug"
        with inside(self.namespace):
            self.process = subprocess.Popen(
                [binary(), "run", "--mqtt", f"0.0.0.0:{MQTT}", "--http", f"{self.page}:{HTTP}", "--data", self.data],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        process = self.process
        threading.Thread(target=lambda: self.log.extend(process.stderr), daemon=True).start()
        printed = ""
        while "Post from here:" not in printed:
            line = process.stdout.readline()
            if not line:
                process.wait()
                raise AssertionError(f"{self.name} did not start: " + "".join(self.log[-5:]))
            printed += line
        return self

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill9()
                raise AssertionError(f"{self.name} did not end within 10 s of SIGTERM") from None

    def wipe(self):
        """A new card: same name, new identity."""
        shutil.rmtree(self.data)
        self.init()

    def end(self):
        if self.process and self.process.poll() is None:
            self.kill9()
        shutil.rmtree(self.home, ignore_errors=True)

    def status(self):
        return json.loads(self.cli("status", "--json", good=False))

    def peers(self):
        return json.loads(self.cli("peer", "list", "--json"))["peers"]

    def peer(self, other):
        return next(peer for peer in self.peers() if peer["id"] == other.id)

    def linked(self):
        return sum(peer["link"] is not None for peer in self.peers())

    def moved(self):
        """Payload bytes of all links: what was said within Noise and MQTT, both ways, since the start."""
        return sum(peer["bytes_in"] + peer["bytes_out"] for peer in self.peers())

    def get(self, path):
        with dial(self.namespace, HTTP) as stream:
            stream.sendall(f"GET {path} HTTP/1.0\r\nHost: gateway\r\n\r\n".encode())
            answer = b""
            while some := stream.recv(1 << 16):
                answer += some
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n")[0], head.split(b"\r\n")[0]
        return body.decode()

    def texts(self, plural="needs"):
        found, after = [], ""
        while True:
            page = json.loads(self.get(f"/api/v1/{plural}?status=all&limit=1000{after}"))
            if not page:
                return found
            found += [item["text"] for item in page]
            after = "&after=" + page[-1]["id"]

    def count(self):
        """Live items, cheaply."""
        return sum(self.status()["items"].values())

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) * 1024 / 1e6

    def unhurt(self):
        assert self.process.poll() is None, f"{self.name} is gone: " + "".join(self.log[-20:])
        log = "".join(self.log)
        assert "panic" not in log, log[log.index("panic") - 200:][:2000]


def trust(link, one, other):
    """Paired by configuration, both ways; before they start."""
    one.calls.append(f"{other.id}@{link.addresses[1]}:{MQTT}")
    other.calls.append(f"{one.id}@{link.addresses[0]}:{MQTT}")


def pair(one, other):
    """As two neighbours do it: the code of the one, typed at the other."""
    code = one.cli("peer", "invite").splitlines()[-1]
    said = other.cli("peer", "add", code)
    wait_for(f"{one.name} and {other.name} to be paired", lambda: paired(one, other) and paired(other, one))
    return said


def paired(one, other):
    return any(peer["id"] == other.id and peer["link"] for peer in one.peers())


def wait_equal(blocks, patience=30):
    """Equal logs. Says what differed when it takes too long."""
    def told():
        return {block.name: block.status() for block in blocks}
    try:
        wait_for("equal heads", lambda: len({at["heads_digest"] for at in told().values()}) == 1, patience)
    except AssertionError as error:
        counts = {name: (at["entries"], at["batches"], at["heads_digest"][:8]) for name, at in told().items()}
        raise AssertionError(f"{error}: {counts}") from None


# --- phones --------------------------------------------------------------------------------------------------------

class Phone:
    """A plain MQTT 3.1.1 client."""

    def __init__(self, namespace, name="", address="127.0.0.1", port=MQTT, patience=30):
        self.stream = dial(namespace, port, address, patience)
        self.packets, self.number = Packets(self.stream), 0
        self.send(packet(0x10, text("MQTT") + b"\x04\x02\0\0" + text(name)))
        first, body = self.read()
        assert first == 0x20 and body[1] == 0, f"not welcome: {body!r}"

    def send(self, data):
        self.stream.sendall(data)

    def read(self):
        return self.packets.read()

    def subscribe(self, topic, qos=0):
        self.send(packet(0x82, b"\0\1" + text(topic) + bytes([qos])))
        while self.read()[0] != 0x90:
            pass

    def publish(self, topic, payload, qos=1):
        self.number = self.number % 65_535 + 1
        payload = payload if isinstance(payload, bytes) else payload.encode()
        self.send(packet(0x30 | qos << 1, text(topic) + (struct.pack(">H", self.number) if qos else b"") + payload))

    def post(self, payloads, topic="commons/post/need", window=100):
        """Posts all and waits until all are acknowledged; how long it took."""
        began, under_way = time.monotonic(), 0
        for payload in payloads:
            self.publish(topic, payload)
            under_way += 1
            while under_way >= window:
                under_way -= self.read()[0] == 0x40
        while under_way:
            under_way -= self.read()[0] == 0x40
        return time.monotonic() - began

    def wait_for(self, words, patience=30):
        """Reads until a message holds the words; when that was."""
        self.stream.settimeout(patience)
        words = words.encode()
        while True:
            first, body = self.read()
            if first >> 4 == 3 and words in body:
                return time.monotonic()

    def close(self):
        self.stream.close()


def words(count, mark):
    return [f"{mark} {number}: two loaves of bread and milk for the children, please" for number in range(count)]


def sync_ms(directory, bytes_each=400, times=50):
    """What one append and fdatasync takes here: the median."""
    took = []
    path = os.path.join(directory, "sync.try")
    with open(path, "wb") as file:
        for _ in range(times):
            began = time.monotonic()
            file.write(b"x" * bytes_each)
            file.flush()
            os.fdatasync(file.fileno())
            took.append((time.monotonic() - began) * 1000)
    os.unlink(path)
    return sorted(took)[times // 2]
