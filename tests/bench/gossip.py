"""Measures gossip on a virtual cable between network namespaces, beside others on the same work, in one run. As root.

usage: gossip.py [--quick] [WORD...]   (with words, only the rows whose name holds one of them)

Needs `cargo build --release -p commonsd -p commons-tests`. Beside it: Debian's mosquitto and NNCP if they are there; dtn7-rs and
SSB, which cargo and npm bring into ${COMMONSD_BENCH:-~/.cache/commonsd-bench} the first time. Counts what the interface counts:
Ethernet bytes, both ways, with TCP, acknowledgements, ARP and announcements, and without segmentation offload. Prints a
table; passes no judgement.
"""

import os
import pathlib
import platform
import shutil
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "netns"))
import dtn7  # noqa: E402
import mosquitto  # noqa: E402
import nncp  # noqa: E402
import ssb  # noqa: E402
from block import Block, Phone, pair, paired, trust, wait_equal  # noqa: E402
from crossing import crossing  # noqa: E402
from gateway import binary, wait_for  # noqa: E402
from net import Net, Tap, usable  # noqa: E402
from netns import line, noise, payloads, published, topology, two, urgent_on_a_slow_cable  # noqa: E402
from texts import aid  # noqa: E402

QUICK = "--quick" in sys.argv
ONLY = [word for word in sys.argv[1:] if not word.startswith("--")]
COUNT = 200 if QUICK else 1000
MEMBERS = 50
OTHERS = ("mosquitto", "dtn7-rs", "SSB", "NNCP")


# --- commonsd ------------------------------------------------------------------------------------------------------

def transfer(net, payloads_, kill=False):
    """All posted while the cable is out."""
    a, b, link = two(net)
    link.down()
    Phone(a.namespace).post(payloads_)
    if kill:
        a.kill9()
        a.start()
    told = crossing(link, lambda: b.status()["entries"], len(payloads_))
    told["came"] = len(set(b.texts()))
    net.clear()
    return told


def signed(texts):
    """As many needs, each signed by one of the members."""
    flood = pathlib.Path(binary()).parent / "flood"
    said = subprocess.run([flood, "sign", str(MEMBERS)], input="\n".join(texts), capture_output=True, text=True, check=True).stdout
    return [bytes.fromhex(each) for each in said.split()]


def nothing_to_sync(net):
    a, b, link = two(net)
    Phone(a.namespace).post(noise(COUNT))
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
    a, b, link = two(net)
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


# --- the table -----------------------------------------------------------------------------------------------------

class Table:
    """Rows as they are measured. A contender that fails in a row says so there, and the run goes on."""

    def __init__(self, net, here):
        self.net, self.here = net, here
        print("| | commonsd | " + " | ".join(OTHERS) + " | target |\n" + "|---" * (len(OTHERS) + 3) + "|", flush=True)

    def cell(self, measure):
        try:
            return measure() if callable(measure) else measure
        except Exception as error:  # noqa: BLE001
            return f"failed: {type(error).__name__}: {str(error)[:120]}".replace("\n", " ").replace("|", "/")
        finally:
            self.net.clear()

    def row(self, what, target, ours, **others):
        if ONLY and not any(word in what for word in ONLY):
            return
        told = [self.cell(ours)]
        for name in OTHERS:
            key = name.removesuffix("-rs").lower()
            told.append(self.cell(others.get(key, "")) if key in self.here else "not there")
        print(f"| {what} | " + " | ".join(told) + f" | {target} |", flush=True)


def each(run):
    return f"{run['bytes'] / run['came']:.0f} B" + ("" if run["came"] >= COUNT else f" ({run['came']} came)")


def came(run):
    return f"{run['came']} of {COUNT}"


def seconds(run):
    return f"{run['s']:.2f} s" + ("" if run["came"] >= COUNT else f" ({run['came']} came)")


def main():
    why = usable()
    if why:
        print(f"{why}\nskipped")
        return
    here = {"mosquitto"} if shutil.which("mosquitto") or os.path.exists("/usr/sbin/mosquitto") else set()
    here |= {name for name, module in (("dtn7", dtn7), ("ssb", ssb), ("nncp", nncp)) if module.there()}
    net = Net()
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Linux {platform.release().split('-')[0]}; load "
          f"{os.getloadavg()[0]:.1f} at the start\n")
    table = Table(net, here)
    random_, real, runs = noise(COUNT), aid(COUNT, 1), {}

    def once(key, measure):
        """Measured when the first row wants it; the later ones tell the same run."""
        def told(show):
            if key not in runs:
                runs[key] = measure()
            return show(runs[key])
        return told

    def three(payloads_):
        """The middle one of three; a doubted link sends a frame twice, and on a busy machine many are."""
        all_ = sorted((transfer(net, payloads_) for _ in range(1 if QUICK else 3)), key=lambda run: run["bytes"])
        return all_[len(all_) // 2] | {"times": sorted(run["s"] for run in all_), "all": all_}

    def spread(run):
        return f"{each(run)} ({each(run['all'][0])} to {each(run['all'][-1])})"

    ours = once("ours", lambda: three(random_))
    bridge = once("bridge", lambda: mosquitto.transfer(net, random_))
    bundles = once("bundles", lambda: dtn7.transfer(net, random_))
    scuttle = once("scuttle", lambda: ssb.transfer(net, random_))
    spool = once("spool", lambda: nncp.transfer(net, random_))
    killed = once("killed", lambda: transfer(net, random_, kill=True))

    what = "Ethernet bytes a record, random texts of 300 B"
    table.row(what, "<= 330 guest", lambda: ours(spread) + ", signed by the gateway", mosquitto=lambda: bridge(each) + ", unsigned",
              dtn7=lambda: bundles(each) + ", unsigned", ssb=lambda: scuttle(each) + ", signed by its author",
              nncp=lambda: spool(each) + ", encrypted and signed")
    table.row(f"the same, each signed by one of {MEMBERS} members", "<= 400 member", lambda: spread(three(signed(random_))))
    size = sum(len(words.encode()) for words in real) / COUNT
    table.row(f"Ethernet bytes a record, aid texts ({size:.0f} B on average)", "<= 150 guest", lambda: spread(three(real)),
              mosquitto=lambda: each(mosquitto.transfer(net, real)), dtn7=lambda: each(dtn7.transfer(net, real)),
              ssb=lambda: each(ssb.transfer(net, real)), nncp=lambda: each(nncp.transfer(net, real)))
    table.row(f"the same, each signed by one of {MEMBERS} members", "<= 190 member", lambda: spread(three(signed(real))))
    table.row("one aid text, posted while the link stands", "",
              lambda: "{:.0f} B of payload, {:.0f} B of Ethernet, with acknowledgements".format(*alone(net, aid(21, 2))))

    def nothing():
        told = sorted(nothing_to_sync(net) for _ in range(1 if QUICK else 3))
        return "{} B of payload ({} B of TCP payload)".format(*told[len(told) // 2])
    table.row("nothing to sync, after a restart of both: TCP payload", "<= 200 B of payload", nothing,
              mosquitto=lambda: f"{mosquitto.nothing(net, random_)} B", dtn7=lambda: f"{dtn7.nothing(net, random_)} B",
              ssb=lambda: f"{ssb.nothing(net, random_)} B", nncp=lambda: f"{spool(lambda run: run['nothing'])} B")
    table.row("arrive after all were acknowledged and the sender got kill -9", f"{COUNT} of {COUNT}", lambda: killed(came),
              mosquitto=lambda: came(mosquitto.transfer(net, random_, kill=True)), dtn7=lambda: came(dtn7.transfer(net, random_, kill=True)),
              ssb=lambda: came(ssb.transfer(net, random_, kill=True)), nncp=lambda: spool(came) + " (no process to kill)")
    lots = noise(3 * COUNT, seed=5)
    table.row(f"{3 * COUNT} waiting: how many arrive", f"{3 * COUNT}", lambda: f"{transfer(net, lots)['came']}",
        mosquitto=lambda: f"{mosquitto.transfer(net, lots)['came']}", dtn7=lambda: f"{dtn7.transfer(net, lots)['came']}", ssb=lambda: f"{ssb.transfer(net, lots)['came']}")
    table.row("one post of 300 B in a ring of three", "once, <= 2 copies a cable",
              lambda: "once in each; payload on the three cables " + ", ".join(map(str, ring_of_three(net))) + " B",
              mosquitto=lambda: f"{mosquitto.ring(net)} copies in 3 s")
    table.row(f"from link-up to all {COUNT} there", "<= 1 s + transfer",
              lambda: ours(lambda run: "{:.2f} s ({:.2f} to {:.2f})".format(
                  run["times"][len(run["times"]) // 2], run["times"][0], run["times"][-1]))
              + f"; after a restart of the sender {killed(seconds)}",
              mosquitto=lambda: bridge(seconds), dtn7=lambda: bundles(seconds), ssb=lambda: scuttle(seconds),
              nncp=lambda: spool(seconds) + ", called by hand")
    table.row("16 gateways in a line, 20 ms a cable, live post", "<= 1.3 x the sum", lambda: line(net, 4 if QUICK else 16))
    table.row("urgent on 64 kbit/s in the middle of a transfer", "", lambda: urgent_on_a_slow_cable(net))
    total = 50 * COUNT

    def new():
        rate, empty, peak, full, sender, cost = many(net, total)
        return (f"{rate:.0f}/s, {cost:.0f} B of Ethernet each; it grows from {empty:.0f} to {peak:.0f} MB, the sender from "
                f"{full:.0f} to {sender:.0f} MB")
    table.row(f"{total} entries to a new gateway", ">= 5000/s", new)


if __name__ == "__main__":
    main()
