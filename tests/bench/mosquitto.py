"""Debian's mosquitto as a bridge: QoS 1, persistent sessions, its own queue limits."""

import contextlib
import os
import shutil
import threading
import time

from crossing import Contender, crossing, tapped
from block import Phone
from gateway import wait_for


class Mosquitto(Contender):
    """One broker, bridging to others."""

    bridges = ()

    def start(self):
        config = os.path.join(self.home, "conf")
        with open(config, "w") as file:
            file.write(f"listener 1883\nallow_anonymous true\nuser root\npersistence true\npersistence_location {self.home}/\n"
                       "log_type error\n")
            for other, address in self.bridges:
                file.write(f"connection {self.name}-{other}\naddress {address}:1883\ntopic board/# both 1\n"
                           "cleansession false\nlocal_cleansession false\nrestart_timeout 1\nnotifications false\n")
        self.spawn(shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", config)

        def there():
            with contextlib.suppress(OSError):
                Phone(self.namespace).close()
                return True
        wait_for("mosquitto", there)


class Listening(threading.Thread):
    """Counts what comes at a broker."""

    def __init__(self, namespace, topic="board/#"):
        super().__init__(daemon=True)
        self.phone = Phone(namespace, "listening", patience=120)
        self.phone.subscribe(topic, 1)
        self.bodies = []
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


def two(net):
    a, b = Mosquitto(net, "a"), Mosquitto(net, "b")
    link = net.join(a.namespace, b.namespace)
    a.bridges = [("b", link.addresses[1])]
    b.start()
    a.start()
    time.sleep(2)
    return a, b, link


def transfer(net, texts, kill=False):
    a, b, link = two(net)
    listening = Listening(b.namespace)
    Phone(a.namespace).post(["first"], "board/need")
    wait_for("the bridge", lambda: listening.bodies)
    link.down()
    Phone(a.namespace).post(texts, "board/need")
    if kill:
        a.kill9()
        a.start()
    told = crossing(link, lambda: len(set(listening.bodies)) - 1, len(texts), 25)
    net.clear()
    return told


def nothing(net, texts):
    a, b, link = two(net)
    Phone(a.namespace).post(texts, "board/need")
    time.sleep(2)
    a.stop()
    b.stop()

    def act():
        b.start()
        a.start()
    told = tapped(a.namespace, link, act)
    net.clear()
    return told


def ring(net):
    """Copies of one message at the three subscribers of a ring, within 3 s."""
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
