"""A cable in user space: carries Ethernet frames between two TAP devices, late, lossy, slow, or not at all.

Started by `net.py`, as root: wire.py NAMESPACE DEVICE NAMESPACE DEVICE. Works on any kernel with TUN/TAP; needs neither
netem nor tbf. Reads orders from standard input, one JSON object a line, and answers each with what it has carried:

    {"delay_ms": 20, "loss": 0.2, "kbit": 64, "queue_bytes": 32768, "cut": false}

A direction is a queue: a frame leaves when the wire is free (`kbit`), arrives `delay_ms` later, and is dropped by `loss`,
while `cut`, or when `queue_bytes` wait already. Ends with its standard input.
"""

import collections
import ctypes
import fcntl
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
CLONE_NEWNET = 0x40000000
FRAME_BYTES_MAX = 65_550
# Frames taken from one device before the other one has its turn.
BURST = 64


def enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")


def tap(namespace, name):
    """The device belongs to the namespace in which it was opened, also when its reader lives elsewhere."""
    enter(namespace)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


class Direction:
    """From one end to the other."""

    def __init__(self, source, sink, chance):
        self.source, self.sink, self.chance = source, sink, chance
        self.queue = collections.deque()
        self.free_at, self.waiting = 0.0, 0
        self.frames = self.bytes = self.dropped = 0

    def take(self, rules, now):
        for _ in range(BURST):
            try:
                frame = os.read(self.source, FRAME_BYTES_MAX)
            except (BlockingIOError, OSError):
                return  # nothing more, or the device is down
            if rules["cut"] or (rules["loss"] and self.chance.random() < rules["loss"]):
                self.dropped += 1
                continue
            if rules["kbit"] and self.waiting + len(frame) > rules["queue_bytes"]:
                self.dropped += 1
                continue
            if rules["kbit"]:
                self.free_at = max(now, self.free_at) + len(frame) * 8 / (rules["kbit"] * 1000)
            else:
                self.free_at = now
            self.waiting += len(frame)
            self.queue.append((self.free_at + rules["delay_ms"] / 1000, frame))

    def give(self, rules, now):
        while self.queue and self.queue[0][0] <= now:
            _, frame = self.queue.popleft()
            self.waiting -= len(frame)
            if rules["cut"]:
                self.dropped += 1
                continue
            try:
                os.write(self.sink, frame)
                self.frames += 1
                self.bytes += len(frame)
            except OSError:
                self.dropped += 1

    def told(self):
        return {"frames": self.frames, "bytes": self.bytes, "dropped": self.dropped, "waiting": self.waiting}


def main():
    ends = tap(sys.argv[1], sys.argv[2]), tap(sys.argv[3], sys.argv[4])
    chance = random.Random(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
    ways = Direction(ends[0], ends[1], chance), Direction(ends[1], ends[0], chance)
    rules = {"delay_ms": 0, "loss": 0, "kbit": 0, "queue_bytes": 32 * 1024, "cut": False}
    os.set_blocking(0, False)
    orders = b""
    print("{}", flush=True)
    while True:
        now = time.monotonic()
        due = [way.queue[0][0] for way in ways if way.queue]
        ready, _, _ = select.select([*ends, 0], [], [], max(0, min(due) - now) if due else None)
        now = time.monotonic()
        for way in ways:
            if way.source in ready:
                way.take(rules, now)
            way.give(rules, now)
        if 0 in ready:
            some = os.read(0, 65536)
            if not some:
                return
            orders += some
            *lines, orders = orders.split(b"\n")
            for line in lines:
                rules.update(json.loads(line))
                print(json.dumps([way.told() for way in ways]), flush=True)


main()
