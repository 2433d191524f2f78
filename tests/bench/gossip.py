"""Measures gossip on a virtual cable between network namespaces, beside a mosquitto bridge and NNCP, in one run. As root.

usage: gossip.py [--quick]. Needs `cargo build --release -p commonsd -p commons-tests`, Debian's mosquitto; NNCP (nncp) if it is
there. Counts what the interface counts: Ethernet bytes, both ways, with TCP, acknowledgements, ARP and announcements, and
without segmentation offload. Prints a table; passes no judgement.
"""

import contextlib
import json
import os
import pathlib
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "netns"))
from block import Block, Phone, pair, paired, trust, wait_equal  # noqa: E402
from gateway import wait_for  # noqa: E402
from net import Net, Tap, inside, usable  # noqa: E402
from netns import arrived, noise, payloads, published, topology  # noqa: E402
from texts import aid  # noqa: E402

QUICK = "--quick" in sys.argv
ROWS = []


def row(what, ours, bridge, nncp="", target=""):
    ROWS.append((what, ours, bridge, nncp, target))
    print(f"| {what} | {ours} | {bridge} | {nncp} | {target} |", flush=True)


def gateways(net):
    a, b = Block(net, "a", beacon=True), Block(net, "b", beacon=True)
    link = net.join(a.namespace, b.namespace)
    a.start()
    b.start()
    pair(a, b)
    return a, b, link


def transfer(net, texts, kill=False):
    """All posted while the cable is out: bytes on the cable, seconds, how many came."""
    a, b, link = gateways(net)
    link.down()
    Phone(a.namespace).post(texts)
    if kill:
        a.kill9()
        a.start()
    before = link.counted()
    began = time.monotonic()
    link.up()
    with contextlib.suppress(AssertionError):
        arrived(b, len(texts), 30)
    took = time.monotonic() - began
    time.sleep(1)
    after = link.counted()
    came = len(set(b.texts()) & set(texts))
    net.clear()
    return {"bytes": after["bytes"] - before["bytes"], "s": took, "came": came}


# --- mosquitto -----------------------------------------------------------------------------------------------------

class Mosquitto:
    """Debian's mosquitto in a namespace, bridging to others: QoS 1, persistent session, its own queue limits."""

    def __init__(self, net, name, bridges=(), namespace=None):
        self.name, self.namespace = name, namespace or net.add(name)
        self.home = tempfile.mkdtemp(prefix=net.mark)
        os.chmod(self.home, 0o777)
        self.bridges, self.process = bridges, None
        net.later(self.end)

    def start(self):
        config = os.path.join(self.home, "conf")
        with open(config, "w") as file:
            file.write(f"listener 1883\nallow_anonymous true\nuser root\npersistence true\npersistence_location {self.home}/\n"
                       "log_type error\n")
            for other, address in self.bridges:
                file.write(f"connection {self.name}-{other}\naddress {address}:1883\ntopic board/# both 1\n"
                           "cleansession false\nlocal_cleansession false\nrestart_timeout 1\nnotifications false\n")
        with inside(self.namespace):
            self.process = subprocess.Popen([shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", config],
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def there():
            with contextlib.suppress(OSError):
                Phone(self.namespace).close()
                return True
        wait_for("mosquitto", there)

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def end(self):
        if self.process and self.process.poll() is None:
            self.kill9()
        shutil.rmtree(self.home, ignore_errors=True)


class Listening(threading.Thread):
    """Counts what comes at a broker."""

    def __init__(self, namespace, topic="board/#"):
        super().__init__(daemon=True)
        self.phone = Phone(namespace, "listening", patience=120)
        self.phone.subscribe(topic, 1)
        self.bodies, self.last = [], time.monotonic()
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                first, body = self.phone.read()
                if first >> 4 == 3:
                    size = int.from_bytes(body[:2], "big")
                    if first & 6:
                        self.phone.send(b"\x40\x02" + body[2 + size:4 + size])
                    self.bodies.append(body[2 + size + (2 if first & 6 else 0):])
                    self.last = time.monotonic()


def bridge(net, texts, kill=False):
    a, b = Mosquitto(net, "a"), Mosquitto(net, "b")
    link = net.join(a.namespace, b.namespace)
    a.bridges = [("b", link.addresses[1])]
    b.start()
    a.start()
    time.sleep(2)
    listening = Listening(b.namespace)
    Phone(a.namespace).post(["first"], "board/need")
    wait_for("the bridge", lambda: listening.bodies)
    link.down()
    Phone(a.namespace).post(texts, "board/need")
    if kill:
        a.kill9()
        a.start()
    before = link.counted()
    began = time.monotonic()
    link.up()
    with contextlib.suppress(AssertionError):
        wait_for("all", lambda: len(set(listening.bodies)) > len(texts), 25)
    time.sleep(1)
    after = link.counted()
    net.clear()
    return {"bytes": after["bytes"] - before["bytes"], "s": listening.last - began, "came": len(set(listening.bodies)) - 1}


def bridge_nothing(net):
    a, b = Mosquitto(net, "a"), Mosquitto(net, "b")
    link = net.join(a.namespace, b.namespace)
    a.bridges = [("b", link.addresses[1])]
    b.start()
    a.start()
    time.sleep(2)
    Phone(a.namespace).post(noise(1000), "board/need")
    time.sleep(2)
    a.stop()
    b.stop()
    tap = Tap(a.namespace, link.device)
    b.start()
    a.start()
    time.sleep(3)
    counts = tap.end()
    net.clear()
    return counts["tcp payload"]


def bridge_ring(net):
    blocks = {name: Mosquitto(net, name) for name in "abc"}
    for one, other in ("ab", "bc", "ca"):
        link = net.join(blocks[one].namespace, blocks[other].namespace)
        blocks[one].bridges = [(other, link.addresses[1])]
    for block in blocks.values():
        block.start()
    time.sleep(10)  # all three bridges
    listening = [Listening(block.namespace) for block in blocks.values()]
    Phone(blocks["a"].namespace).post(["insulin, stairwell B"], "board/need")
    time.sleep(3)
    copies = sum(len(each.bodies) for each in listening)
    net.clear()
    return copies


# --- NNCP ----------------------------------------------------------------------------------------------------------

class Nncp:
    """NNCP: a spool of encrypted packets, handed over by nncp-call to nncp-daemon."""

    def __init__(self, net, name):
        self.name, self.namespace = name, net.add(name)
        self.home = tempfile.mkdtemp(prefix=net.mark)
        net.later(self.end)
        text = subprocess.run(["nncp-cfgnew", "-nocomments"], capture_output=True, text=True, check=True).stdout
        self.text = re.sub(r"spool: .*", f"spool: {self.home}/spool", text)
        self.text = re.sub(r"log: .*", f"log: {self.home}/log", self.text)
        self.keys = dict(re.findall(r"^\s+(id|exchpub|signpub|noisepub): (\S+)", text, re.M))
        self.config = f"{self.home}/cfg.hjson"
        self.daemon = None

    def knows(self, other, address):
        keys = "\n".join(f"      {name}: {value}" for name, value in other.keys.items())
        entry = f"""    {other.name}: {{
{keys}
      incoming: "{self.home}/in"
      addrs: {{
        lan: "{address}:5400"
      }}
    }}
"""
        os.makedirs(f"{self.home}/in", exist_ok=True)
        os.makedirs(f"{self.home}/spool", exist_ok=True)
        with open(self.config, "w") as file:
            file.write(re.sub(r"(neigh: \{\n)", lambda found: found[1] + entry, self.text, count=1))

    def run(self, tool, *words, **more):
        with inside(self.namespace):
            return subprocess.run([tool, "-cfg", self.config, *words], capture_output=True, text=True, **more)

    def serve(self):
        with inside(self.namespace):
            self.daemon = subprocess.Popen(["nncp-daemon", "-cfg", self.config, "-bind", "0.0.0.0:5400", "-quiet"],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self):
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def nncp(net, texts):
    a, b = Nncp(net, "a"), Nncp(net, "b")
    link = net.join(a.namespace, b.namespace)
    a.knows(b, link.addresses[1])
    b.knows(a, link.addresses[0])
    b.serve()
    link.down()
    began = time.monotonic()
    for number, words in enumerate(texts):
        done = a.run("nncp-file", "-quiet", "-", f"b:{number}", input=words)
        assert done.returncode == 0, done.stderr
    queued = time.monotonic() - began
    before = link.counted()
    began = time.monotonic()
    link.up()
    a.run("nncp-call", "-quiet", "-onlinedeadline", "2", "b", timeout=120)
    call = time.monotonic() - began - 2
    after = link.counted()
    b.run("nncp-toss", "-quiet", timeout=120)
    came = len([name for name in os.listdir(f"{b.home}/in") if name.isdigit()])
    # Nothing new.
    tap = Tap(a.namespace, link.device)
    a.run("nncp-call", "-quiet", "-onlinedeadline", "1", "b", timeout=60)
    nothing = tap.end()["tcp payload"]
    net.clear()
    return {"bytes": after["bytes"] - before["bytes"], "s": call, "came": came, "queued": queued, "nothing": nothing}


# --- rows ----------------------------------------------------------------------------------------------------------

def median(runs, key):
    return sorted(run[key] for run in runs)[len(runs) // 2]


def nothing_to_sync(net):
    a, b, link = gateways(net)
    Phone(a.namespace).post(noise(1000))
    wait_equal([a, b])
    time.sleep(0.5)
    a.stop()
    b.stop()
    tap = Tap(a.namespace, link.device, keep=True)
    a.start()
    b.start()
    wait_for("the link", lambda: paired(a, b) and paired(b, a))
    time.sleep(2)
    counts = tap.end()
    messages = [len(payload) for stream in tap.streams() for payload in published(stream)]
    net.clear()
    return sum(messages), counts["tcp payload"]


def alone(net, texts):
    """Posted one at a time over a standing link: payload bytes of each, both ways, the acknowledgement too."""
    a, b, link = gateways(net)
    phone = Phone(a.namespace)
    phone.post(texts[:1])
    wait_equal([a, b])
    time.sleep(1)
    before, ethernet = a.moved(), link.counted()["bytes"]
    for words in texts[1:]:
        phone.post([words])
        wait_equal([a, b])
        time.sleep(0.3)
    time.sleep(1)
    spent = (a.moved() - before) / (len(texts) - 1)
    ethernet = (link.counted()["bytes"] - ethernet) / (len(texts) - 1)
    net.clear()
    return spent, ethernet


def ring_of_three(net):
    blocks, links = topology(net, "abc", ["ab", "bc", "ca"])
    warm = noise(6, 300, 9)
    for number, words in enumerate(warm):
        Phone(blocks["abc"[number % 3]].namespace).post([words])
        wait_equal(list(blocks.values()))
    time.sleep(1)
    before = payloads(blocks, links)
    words = noise(1, 300, 10)
    Phone(blocks["a"].namespace).post(words)
    wait_equal(list(blocks.values()))
    time.sleep(3)
    after = payloads(blocks, links)
    entries = {block.status()["entries"] for block in blocks.values()}
    assert entries == {7}, entries
    spent = sorted(after[name] - before[name] for name in links)
    net.clear()
    return spent


def many(net, count):
    """A new gateway beside one with many entries."""
    a, b = Block(net, "a"), Block(net, "b")
    link = net.join(a.namespace, b.namespace)
    trust(link, a, b)
    a.start()
    texts = [f"{number}: {words}" for number, words in enumerate(aid(count, 3))]
    hands = [threading.Thread(target=lambda at=at: Phone(a.namespace).post(texts[at::4], window=500)) for at in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert a.status()["entries"] == count
    full = a.rss_mb()
    b.start()
    empty = b.rss_mb()
    before = link.counted()["bytes"]
    began, peak, sender = time.monotonic(), 0, 0
    while (have := b.status()["entries"]) < count:
        peak, sender = max(peak, b.rss_mb()), max(sender, a.rss_mb())
        assert time.monotonic() - began < 120, f"{have} of {count}"
        time.sleep(0.02)
    took = time.monotonic() - began
    carried = link.counted()["bytes"] - before
    told = (count / took, empty, max(peak, b.rss_mb()), full, max(sender, a.rss_mb()), carried / count)
    net.clear()
    return told


def main():
    why = usable()
    if why:
        print(f"{why}\nskipped")
        return
    net = Net()
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Linux {platform.release().split('-')[0]}; shared with other work\n")
    has_nncp = shutil.which("nncp-call")
    print("| | commonsd | mosquitto bridge | NNCP | target |\n|---|---|---|---|---|", flush=True)
    random_, real = noise(1000), aid(1000, 1)
    spool = nncp(net, random_[:200 if QUICK else 1000]) if has_nncp else None
    runs = [transfer(net, random_) for _ in range(1 if QUICK else 3)]
    theirs = bridge(net, random_)
    told = f"{spool['bytes'] / spool['came']:.0f} B, encrypted and signed" if spool else "not there"
    row("Ethernet bytes a record, random texts of 300 B", f"{median(runs, 'bytes') / 1000:.0f} B, signed by the gateway",
        f"{theirs['bytes'] / theirs['came']:.0f} B, unsigned", told, "<= 330 guest")
    runs_real = [transfer(net, real) for _ in range(1 if QUICK else 3)]
    theirs_real = bridge(net, real)
    size = sum(len(words.encode()) for words in real) / 1000
    row(f"the same, aid texts ({size:.0f} B on average)", f"{median(runs_real, 'bytes') / 1000:.0f} B",
        f"{theirs_real['bytes'] / theirs_real['came']:.0f} B", "", "<= 150 guest")
    spent, ethernet = alone(net, aid(21, 2))
    row("one aid text, posted while the link stands", f"{spent:.0f} B of payload, {ethernet:.0f} B of Ethernet, with acknowledgements",
        "", "", "")
    payload, with_mqtt = nothing_to_sync(net)
    restarts = sorted([(payload, with_mqtt)] + [nothing_to_sync(net) for _ in range(0 if QUICK else 2)])
    payload, with_mqtt = restarts[len(restarts) // 2]
    row("nothing to sync, after a restart of both (median of 3)", f"{payload} B of payload ({with_mqtt} B of TCP payload with MQTT)",
        f"{bridge_nothing(net)} B of TCP payload", f"{spool['nothing']} B of TCP payload" if spool else "", "<= 200 B")
    killed, theirs_killed = transfer(net, random_, kill=True), bridge(net, random_, kill=True)
    row("arrive after all were acknowledged and the sender got kill -9", f"{killed['came']} of 1000",
        f"{theirs_killed['came']} of 1000", f"{spool['came']} of {200 if QUICK else 1000} (queued by one process each)" if spool else "",
        "1000 of 1000")
    waiting, theirs_waiting = transfer(net, noise(3000, seed=5)), bridge(net, noise(3000, seed=5))
    row("3,000 waiting", f"{waiting['came']}", f"{theirs_waiting['came']}", "", "3000")
    spent = ring_of_three(net)
    row("one post of 300 B in a ring of three", f"once in each; payload on the three cables {', '.join(map(str, spent))} B",
        f"{bridge_ring(net)} copies in 3 s", "no flooding", "once, <= 2 copies a cable")
    row("from link-up to all 1,000 there", f"{median(runs, 's'):.2f} s ({min(r['s'] for r in runs):.2f} to "
        f"{max(r['s'] for r in runs):.2f}); after a restart of the sender {killed['s']:.2f} s", f"{theirs['s']:.2f} s ({theirs['came']} came)",
        f"{spool['s']:.2f} s, called at once by hand" if spool else "", "<= 1 s + transfer")
    count = 10_000 if QUICK else 50_000
    rate, empty, peak, full, sender, each = many(net, count)
    row(f"{count} entries to a new gateway", f"{rate:.0f}/s, {each:.0f} B of Ethernet each; it grows from {empty:.0f} to {peak:.0f} MB, "
        f"the sender from {full:.0f} to {sender:.0f} MB", "drops beyond 1,000", "", ">= 5000/s")


if __name__ == "__main__":
    main()
