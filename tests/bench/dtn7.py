"""dtn7-rs: bundles (RFC 9171), epidemic routing, TCPCLv4, neighbours found by its beacons; bundles kept in its sled store.

Everything goes to a group endpoint that both ends listen to, as on a board that everybody reads.
"""

import contextlib
import http.client
import json
import os
import time

from crossing import Contender, crossing, fetch, tapped
from gateway import wait_for
from net import dial

VERSION, BOARD = "0.21.0", "dtn://board/~need"


def there():
    """The daemon, built by cargo if it is missing: some minutes. Without link-time optimisation, which changes no byte."""
    return fetch("dtn7", "bin/dtnd", "nice", "cargo", "install", "-q", "dtn7", "--version", VERSION, "--locked", "--root", ".",
                 "--bin", "dtnd", CARGO_TARGET_DIR="target", CARGO_PROFILE_RELEASE_LTO="off",
                 CARGO_PROFILE_RELEASE_CODEGEN_UNITS="16")


class Dtn7(Contender):
    """One node, whose beacons go to its neighbour's address."""

    neighbour = None

    def start(self):
        self.spawn(str(there()), "-n", self.name, "-r", "epidemic", "-C", "tcp:port=4556", "-e", BOARD, "-W", self.home, "-D", "sled", "-4",
                   "-E", self.neighbour, env={**os.environ, "RUST_LOG": "error"})

        def ready():
            with contextlib.suppress(OSError):
                return self.get("/status/nodeid")
        wait_for("dtnd", ready)

    def ask(self, method, path, body=None):
        with dial(self.namespace, 3000) as stream:
            asking = http.client.HTTPConnection("127.0.0.1", 3000)
            asking.sock = stream
            asking.request(method, path, body)
            answer = asking.getresponse()
            said = answer.read()
            assert answer.status == 200, said
            return said

    def get(self, path):
        return self.ask("GET", path)

    def post(self, texts):
        """Each acknowledged by an answer of its own."""
        for words in texts:
            self.ask("POST", f"/send?dst={BOARD}&lifetime=1day", words.encode())

    def count(self):
        return len(json.loads(self.get("/status/bundles")))

    def peers(self):
        return json.loads(self.get("/status/peers"))

    def texts(self, wanted):
        """What came to the endpoint, among what was sent: the payload is the last thing in a bundle."""
        found, wanted = set(), {words.encode(): words for words in wanted}
        while (bundle := self.get(f"/endpoint?{BOARD}")) != b"Nothing to receive":
            found |= {words for body, words in wanted.items() if bundle.endswith(body + b"\xff")}
        return found


def two(net):
    a, b = Dtn7(net, "a"), Dtn7(net, "b")
    link = net.join(a.namespace, b.namespace)
    # It cannot start with multicast while the cable is out, as the restarted one must.
    a.neighbour, b.neighbour = link.addresses[1], link.addresses[0]
    a.start()
    b.start()
    wait_for("the beacons", lambda: a.peers() and b.peers())
    return a, b, link


def transfer(net, texts, kill=False):
    a, b, link = two(net)
    link.down()
    a.post(texts)
    if kill:
        a.kill9()
        a.start()
    told = crossing(link, b.count, len(texts), 60)
    told["came"] = len(b.texts(texts))
    net.clear()
    return told


def nothing(net, texts):
    """TCP payload after a restart of both, when both have it all."""
    a, b, link = two(net)
    a.post(texts)
    wait_for("all", lambda: b.count() >= len(texts), 60)
    time.sleep(1)
    a.stop()
    b.stop()

    def act():
        a.start()
        b.start()
        wait_for("the beacons", lambda: a.peers() and b.peers())
    told = tapped(a.namespace, link, act, 15)
    net.clear()
    return told
