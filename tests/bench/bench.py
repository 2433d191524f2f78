"""Measures commonsd beside Debian's mosquitto and a raw append+fdatasync loop, in one run, on loopback.

usage: bench.py [--quick]. Needs `cargo build --release -p commonsd -p commons-tests`. Prints a table; passes no
judgement on time. Every number is of this machine and this run.
"""

import json
import os
import pathlib
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from gateway import Gateway, binary, wait_for  # noqa: E402

QUICK = "--quick" in sys.argv
FLOOD = str(pathlib.Path(binary()).parent / "flood")
ROOMY = """
[mqtt]
sessions_max = 2000
sessions_per_address_max = 2000
[http]
connections_max = 2000
connections_per_address_max = 2000
"""


def flood(*arguments):
    done = subprocess.run([FLOOD, *map(str, arguments)], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def rss_mb(pid):
    with open(f"/proc/{pid}/status") as file:
        line = next(line for line in file if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6


class Mosquitto:
    """Debian's mosquitto with its defaults, listeners on loopback."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="mosquitto-")
        self.mqtt, self.http = free_port(), free_port()
        config = os.path.join(self.home, "conf")
        with open(config, "w") as file:
            file.write(f"listener {self.mqtt} 127.0.0.1\nlistener {self.http} 127.0.0.1\nprotocol websockets\n"
                       "allow_anonymous true\npersistence false\nlog_type error\n")
        path = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = subprocess.Popen([path, "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for port in (self.mqtt, self.http):
            wait_for("mosquitto", lambda: not socket.socket().connect_ex(("127.0.0.1", port)))

    def rss_mb(self):
        return rss_mb(self.process.pid)

    def end(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Held:
    """Connections that are open while this is."""

    def __init__(self, transport, port, count):
        self.process = subprocess.Popen([FLOOD, "hold", transport, str(port), str(count)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        assert json.loads(self.process.stdout.readline())["held"] == count

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def settled(broker):
    """Resident memory once it no longer changes."""
    before = [broker.rss_mb()]

    def same():
        time.sleep(0.5)
        now = broker.rss_mb()
        done = abs(now - before[0]) < 0.05
        before[0] = now
        return done
    wait_for("memory to settle", same, 30)
    return before[0]


ROWS = []


def row(what, ours, theirs, target=""):
    ROWS.append((what, ours, theirs, target))
    print(f"| {what} | {ours} | {theirs} | {target} |", flush=True)


def floods(gateway, mosquitto):
    count = 100_000 if QUICK else 300_000
    for name, pairs, qos, messages in (("1 -> 1 QoS 0 flood, 64 B", 1, 0, count), ("20 -> 20 QoS 1 flood, 64 B", 20, 1, count // 20)):
        told = []
        for broker in (gateway, mosquitto):
            runs = sorted((flood("pairs", broker.mqtt, pairs, qos, messages, 64) for _ in range(3)), key=lambda r: r["per_s"])
            median = runs[1]
            lost = 100 - 100 * median["delivered"] / median["sent"]
            told.append(f"{median['per_s'] / 1000:.0f} k/s, {lost:.1f} % lost")
        row(name + " (median of 3)", *told, ">= mosquitto, none lost")


def memory(make, name):
    broker = make()
    idle = settled(broker)
    tcp = Held("tcp", broker.mqtt, 200)
    with_tcp = settled(broker)
    tcp.end()
    broker.end()
    broker = make()
    ws = Held("ws", broker.http, 500)
    with_ws = settled(broker)
    ws.end()
    broker.end()
    return [f"{value:.1f} MB" for value in (idle, with_tcp, with_ws)]


def posts(gateway):
    for name, clients, window, count in (("one at a time", 1, 1, 1_000), ("64 writers, one each", 64, 1, 20_000),
                                         ("1 writer, 1,000 under way", 1, 1000, 30_000), ("20 writers, 100 each", 20, 100, 40_000)):
        count //= 4 if QUICK else 1
        before = gateway.get("/api/v1/health")
        done = flood("posts", gateway.mqtt, clients, window, count)
        time.sleep(1.2)  # health is published once a second
        after = gateway.get("/api/v1/health")
        groups = after["batches"] - before["batches"]
        group = count / groups
        # The record as it lies in the journal, header and signature shared by its group.
        size = int(RECORD_BYTES * group + FRAME_BYTES)
        syncs = max(200, min(2_000, int(groups)))
        raw = flood("raw", gateway.data, syncs, size)
        raw_posts = raw["per_s"] * group
        row(f"durable posts, {name} (groups of {group:.0f}, {size} B)", f"{done['per_s']:.0f}/s", f"raw {raw_posts:.0f}/s",
            f"ratio {done['per_s'] / raw_posts:.2f} (>= 0.5)")


# Measured: a need of the generator is about 160 bytes in its batch; a batch's frame, header and signature about 230.
RECORD_BYTES, FRAME_BYTES = 160, 230


def start_times():
    count = 20_000 if QUICK else 100_000
    gateway = Gateway(ROOMY)
    empty = settled(gateway)
    done = flood("posts", gateway.mqtt, 8, 500, count)
    assert gateway.get("/api/v1/summary")
    full = settled(gateway)
    row(f"filling {count} needs, 8 writers", f"{done['per_s']:.0f}/s", "", "")
    row(f"resident with {count} entries (just posted; empty {empty:.1f})", f"{full:.1f} MB", "", "<= 32 MB")

    def started():
        began = time.monotonic()
        gateway.start()
        return time.monotonic() - began
    gateway.process.terminate()
    began = time.monotonic()
    gateway.process.wait()
    row(f"clean end with {count} entries", f"{time.monotonic() - began:.2f} s", "", "<= 5 s")
    clean = started()
    row(f"start with {count} entries, clean", f"{clean:.2f} s", "", "<= 0.5 s")
    row(f"resident with {count} entries, after that start", f"{settled(gateway):.1f} MB", "", "<= 32 MB")
    gateway.kill9()
    killed = started()
    row(f"start with {count} entries, after kill -9", f"{killed:.2f} s", "", "<= 2 s")
    row(f"resident with {count} entries, after that start", f"{settled(gateway):.1f} MB", "", "<= 32 MB")
    began = time.monotonic()
    gateway.get("/api/v1/needs?limit=1000")
    row(f"1,000 of {count} needs over the API", f"{time.monotonic() - began:.3f} s", "", "")
    began = time.monotonic()
    out = subprocess.run(["mosquitto_sub", "-p", str(gateway.mqtt), "-t", "commons/board/need/+", "-q", "1", "-C",
                          str(count), "-W", "120"], capture_output=True, text=True)
    seconds = time.monotonic() - began
    row(f"snapshot of {count} needs to mosquitto_sub, QoS 1", f"{len(out.stdout.splitlines())} in {seconds:.1f} s", "", "all")
    row("resident after it", f"{settled(gateway):.1f} MB", "", "")
    gateway.end()


def main():
    cores = os.cpu_count()
    print(f"machine: {cores} cores, {platform.machine()}, Linux {platform.release().split('-')[0]}; shared with other work\n")
    print("| | commonsd | mosquitto, raw | target |\n|---|---|---|---|", flush=True)
    gateway, mosquitto = Gateway(ROOMY), Mosquitto()
    floods(gateway, mosquitto)
    mosquitto.end()
    posts(gateway)
    gateway.end()
    ours, theirs = memory(lambda: Gateway(ROOMY), "commonsd"), memory(Mosquitto, "mosquitto")
    for name, our, their, target in zip(("idle resident", "+ 200 TCP clients, subscribed", "500 WebSocket clients, subscribed"),
                                        ours, theirs, ("<= 8 MB", "<= 16 MB", "<= 32 MB")):
        row(name, our, their, target)
    start_times()


main()
