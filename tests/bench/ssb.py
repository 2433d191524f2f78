"""Secure Scuttlebutt: ssb-server 16 with what it loads for replication (gossip, EBT, friends, announcements by UDP)."""

import json
import os
import pathlib
import shutil
import subprocess

from crossing import Contender, crossing, fetch, tapped
from gateway import wait_for

# Later ones of ssb-friends want another database than ssb-server 16 has, and later ones of ip throw where it did not expect it.
PACKAGES = "ssb-server@16.0.1", "ssb-friends@4.1.4", "ip@1.1.5"
PEER = pathlib.Path(__file__).resolve().parent / "ssb_peer.js"


def there():
    """Its modules, loaded by npm if they are missing: a minute."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    return fetch("ssb", "node_modules/ssb-server/index.js", "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", ".",
                 *PACKAGES)


class Ssb(Contender):
    """One peer, driven through ssb_peer.js."""

    def start(self):
        self.spawn("node", str(PEER), self.home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                   env={**os.environ, "NODE_PATH": str(there().parent.parent)})
        self.id = self.order("who")["id"]

    def order(self, do, **more):
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()
        while not (line := self.process.stdout.readline()).startswith("{"):
            assert line, f"{self.name} is gone"
        told = json.loads(line)
        assert "error" not in told, told
        return told

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)

    def meets(self, other, address):
        key = other.id[1:].removesuffix(".ed25519")
        self.order("call", address=f"net:{address}:8008~shs:{key}")

    def has(self, other):
        return self.order("have", id=other.id)["count"]


def two(net):
    a, b = Ssb(net, "a"), Ssb(net, "b")
    link = net.join(a.namespace, b.namespace)
    a.start()
    b.start()
    for one, other in ((a, b), (b, a)):
        one.order("follow", id=other.id)
    a.meets(b, link.addresses[1])
    b.meets(a, link.addresses[0])
    wait_for("what follows whom", lambda: b.has(a) >= 1 and a.has(b) >= 1, 30)
    return a, b, link


def transfer(net, texts, kill=False):
    a, b, link = two(net)
    link.down()
    a.order("post", texts=texts)
    if kill:
        a.kill9()
        a.start()
    told = crossing(link, lambda: b.has(a), len(texts) + 1, 60)
    told["came"] = len(set(b.order("texts", id=a.id)["texts"]) & set(texts))
    net.clear()
    return told


def nothing(net, texts):
    """TCP payload after a restart of both, when both have it all."""
    a, b, link = two(net)
    a.order("post", texts=texts)
    wait_for("all", lambda: b.has(a) > len(texts), 60)
    a.stop()
    b.stop()

    def act():
        a.start()
        b.start()
        a.meets(b, link.addresses[1])
    told = tapped(a.namespace, link, act, 15)
    net.clear()
    return told
