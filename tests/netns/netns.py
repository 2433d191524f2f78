"""Gateways as real processes in network namespaces: lines, rings, stars and meshes, over cables that are cut, slow and lossy.

usage: netns.py [--long] [--strict] [WORD...]   (as root; with words, only the checks whose name holds one of them)

Every gateway lives in a namespace of its own, `cmn<pid>-<name>`; all of them are removed at the end, also after Ctrl-C. Needs
Python, iproute2 and a kernel with veth and TUN/TAP; delay, loss and rate come from wire.py, in user space. Takes about two
minutes; `--long` adds a line of sixteen. Times are printed beside their targets; three times the target fails, and with
`--strict`, on a machine that does nothing else, anything beyond it. As a normal user it says "skipped". Ends with a line "N passed, N failed".

    line   a - b - c - d - e          star   b   c        mesh: everybody with everybody
    ring   a - b - c - a                      \\ /
                                               a - d
"""

import contextlib
import itertools
import json
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from block import Block, Phone, pair, paired, sync_ms, trust, wait_equal, words  # noqa: E402
from gateway import Checks, wait_for  # noqa: E402
from mqtt import packet, text  # noqa: E402
from net import Net, Tap, dial, usable  # noqa: E402

LONG = "--long" in sys.argv
STRICT = "--strict" in sys.argv
ONLY = [word for word in sys.argv[1:] if not word.startswith("--")]
# From a link that comes back to everything on the other side, with what the transfer takes.
LINK_UP_S = 1.0
# An urgent need on 64 kbit/s in the middle of a long transfer.
URGENT_S = 3.0
# The same where one frame in five is lost and each takes 0.3 s: TCP alone pauses for seconds.
URGENT_LOSSY_S = 15.0
# Two gateways with nothing to tell each other.
NOTHING_BYTES_MAX = 200
# A time this many times its target fails on any machine.
SLOW = 3


def noise(count, length=300, seed=1):
    """Texts that no compression helps with."""
    chance = random.Random(seed)
    letters = [chr(code) for code in range(33, 127) if chr(code) not in '"\\{']
    return ["".join(chance.choices(letters, k=length)) for _ in range(count)]


def urgent(words_):
    return json.dumps({"text": words_, "urgency": "now"})


def topology(net, names, pairs, kind="veth", **rules):
    """Gateways that trust each other along the cables, started and linked."""
    blocks = {name: Block(net, name) for name in names}
    links = {}
    for one, other in pairs:
        links[one + other] = net.join(blocks[one].namespace, blocks[other].namespace, kind, **rules)
        trust(links[one + other], blocks[one], blocks[other])
    for block in blocks.values():
        block.start()
    degree = {name: sum(name in pair_ for pair_ in pairs) for name in names}
    wait_for("all links", lambda: all(block.linked() == degree[name] for name, block in blocks.items()), 40)
    return blocks, links


def two(net, kind="veth", **rules):
    """Two gateways paired by a code, as neighbours pair them."""
    a, b = Block(net, "a", beacon=True), Block(net, "b", beacon=True)
    link = net.join(a.namespace, b.namespace, kind, **rules)
    a.start()
    b.start()
    pair(a, b)
    return a, b, link


def on_time(took, target, words_):
    """A time says as much about the machine as about the gateway: a little late is printed, very late fails."""
    assert took <= (target if STRICT else SLOW * target), words_
    if took > target:
        print(f"      target missed: {words_}", flush=True)


def exactly(blocks, texts):
    """Each text once in every view, and the same entries in every store."""
    wait_equal(blocks)
    wanted = sorted(texts)
    for block in blocks:
        found = sorted(block.texts())
        assert found == wanted, f"{block.name} shows {len(found)} items ({len(set(found))} texts) of {len(wanted)}"
        entries = block.status()["entries"]
        assert entries == len(wanted), f"{block.name} keeps {entries} entries of {len(wanted)}"
        block.unhurt()


def arrived(block, count, patience=60):
    return wait_for(f"{count} entries at {block.name}", lambda: block.status()["entries"] >= count, patience)


# --- the checks ----------------------------------------------------------------------------------------------------

def acknowledged_is_kept(net):
    """1,000 posts acknowledged while apart, and the sender killed at once."""
    a, b, link = two(net)
    link.down()
    texts = noise(1000)
    took = Phone(a.namespace).post(texts)
    a.kill9()
    a.start()
    began = time.monotonic()
    link.up()
    arrived(b, 1000)
    up = time.monotonic() - began
    exactly([a, b], texts)
    on_time(up, LINK_UP_S, f"{up:.2f} s from link-up to all there")
    return f"1000 of 1000, posted in {took:.2f} s, all there {up:.2f} s after link-up"


def cut_and_healed_without_restart(net):
    """The same without any kill: TCP's own patience must not be what decides."""
    a, b, link = two(net)
    told = []
    texts = []
    for pause in (2, 2, 8):
        link.down()
        fresh = noise(500, seed=len(texts))
        texts += fresh
        Phone(a.namespace).post(fresh)
        time.sleep(pause)
        began = time.monotonic()
        link.up()
        arrived(b, len(texts))
        told.append((pause, time.monotonic() - began))
    exactly([a, b], texts)
    middle = sorted(up for _, up in told)[1]
    on_time(middle, LINK_UP_S, f"{middle:.2f} s from link-up to all there, in the middle of three")
    return ", ".join(f"all there {up:.2f} s after a cut of {pause} s" for pause, up in told)


def receiver_killed_three_times(net):
    a, b, link = two(net)
    link.down()
    texts = noise(1000)
    Phone(a.namespace).post(texts)
    a.kill9()
    a.start()
    slow = link.limit(1500)
    link.up()
    kills = []
    for part in (200, 450, 700):
        arrived(b, part)
        kills.append(b.status()["entries"])
        b.kill9()
        b.start()
    arrived(b, 1000)
    exactly([a, b], texts)
    return f"1000 of 1000, killed at {kills}" + ("" if slow else " (no tbf in this kernel)")


def line(net, count):
    delay_ms = 20
    names = [f"g{number:02}" for number in range(count)]
    blocks, _ = topology(net, names, list(itertools.pairwise(names)), "wire", delay_ms=delay_ms)
    first, last = blocks[names[0]], blocks[names[-1]]
    sync = sync_ms(first.home)
    sum_ms = (count - 1) * delay_ms + count * sync
    reader = Phone(last.namespace)
    reader.subscribe("commons/board/need/+")
    phone = Phone(first.namespace)
    # The first one travels while trees are still being found.
    told, texts = {}, []
    for kind in ("usual", "urgent"):
        took = []
        for number in range(7):
            words_ = f"{kind} {number} along the line"
            texts.append(words_)
            began = time.monotonic()
            phone.publish("commons/post/need", urgent(words_) if kind == "urgent" else words_)
            took.append((reader.wait_for(words_) - began) * 1000)
            time.sleep(0.3)
        told[kind] = sorted(took)
    exactly(list(blocks.values()), texts)
    for kind, took in told.items():
        middle = took[len(took) // 2]
        on_time(middle, 1.3 * sum_ms, f"{kind}: {middle:.0f} ms through {count}, the sum is {sum_ms:.1f} ms "
                f"(factor {middle / sum_ms:.2f})")
    return f"sum of delays and syncs {sum_ms:.1f} ms; " + "; ".join(
        f"{kind} {took[len(took) // 2]:.1f} ms (x {took[len(took) // 2] / sum_ms:.2f}), worst {took[-1]:.1f}"
        for kind, took in told.items())


def once_everywhere(net, names, pairs):
    """Single posts in a quiet network, from each in turn: how much each cable carried for one of them."""
    blocks, links = topology(net, names, pairs)
    texts, worst, sums, ethernet = [], {}, [], 0
    # The first of each gateway finds the trees.
    kinds = [("first", "now"), ("usual", "week"), ("urgent", "now")]
    rounds = [(name, kind, urgency) for kind, urgency in kinds for name in names]
    for number, ((name, kind, urgency), words_) in enumerate(zip(rounds, noise(len(rounds), 300, len(names)))):
        block = blocks[name]
        before = payloads(blocks, links)
        frames = {name: link.counted()["bytes"] for name, link in links.items()}
        Phone(block.namespace, f"phone-{number}").post([json.dumps({"text": words_, "urgency": urgency})])
        texts.append(words_)
        wait_equal(list(blocks.values()))
        time.sleep(0.6)  # heads and haves are told late, to be told together
        after = payloads(blocks, links)
        spent = {name: after[name] - before[name] for name in links}
        worst[kind] = max(worst.get(kind, 0), *spent.values())
        if kind == "first":
            continue
        sums.append(sum(spent.values()))
        ethernet = max(ethernet, *(link.counted()["bytes"] - frames[name] for name, link in links.items()))
    exactly(list(blocks.values()), texts)
    # All at once.
    crowd = {name: words(30, f"{name} crowds") for name in names}
    hands = [threading.Thread(target=lambda at=name: Phone(blocks[at].namespace).post(crowd[at])) for name in names]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    exactly(list(blocks.values()), texts + sum(crowd.values(), []))
    size = len(texts[0])
    least = (len(names) - 1) * size
    told = ", ".join(f"{kind} {most} B (x {most / size:.2f})" for kind, most in worst.items())
    assert max(worst["usual"], worst["urgent"]) <= 2 * size, f"payload on one cable for one post of {size} B: {told}"
    return (f"each of {len(texts) + 30 * len(names)} entries once in {len(names)} stores; one post of {size} B, at most on a cable: "
            f"{told}; {ethernet} B of Ethernet; all {len(links)} cables together x {sorted(sums)[len(sums) // 2] / least:.2f} of the least")


def payloads(blocks, links):
    """Payload bytes on each cable, both ways, by the gateways' own count of what they sent."""
    sent = {}
    for name, block in blocks.items():
        for peer in block.peers():
            other = next(other for other, its in blocks.items() if its.id == peer["id"])
            sent[name + other] = peer["bytes_out"]
    half = len(next(iter(blocks)))
    return {name: sent[name] + sent[name[half:] + name[:half]] for name in links}


def ring(net):
    return once_everywhere(net, "abc", ["ab", "bc", "ca"])


def star(net):
    return once_everywhere(net, "abcde", ["ab", "ac", "ad", "ae"])


def mesh(net):
    return once_everywhere(net, "abcdefgh", ["".join(two_) for two_ in itertools.combinations("abcdefgh", 2)])


def cut_ten_times(net):
    """3,000 wait; the cable is pulled ten times in the middle."""
    a, b, link = two(net)
    link.down()
    texts = noise(3000)
    Phone(a.namespace).post(texts)
    limited = link.limit(2500)
    before = link.counted()["bytes"]
    link.up()
    began = time.monotonic()
    at, pauses = [], []
    for cut in range(10):
        arrived(b, 3000 * (cut + 1) // 14)
        at.append(b.status()["entries"])
        link.down()
        if cut % 3 == 2:
            a.kill9()  # the connection is gone as well
            a.start()
        else:
            time.sleep(0.3)
        healed = time.monotonic()
        link.up()
        have = b.status()["entries"]
        if have == 3000:
            continue
        wait_for("the flow to resume", lambda: b.status()["entries"] > have)
        pauses.append(time.monotonic() - healed)
    arrived(b, 3000)
    took = time.monotonic() - began
    exactly([a, b], texts)
    carried = link.counted()["bytes"] - before
    raw = sum(map(len, texts))
    factor = carried / raw
    assert factor < 2, f"{carried} B of Ethernet for texts of {raw} B"
    return (f"3000 of 3000 in {took:.1f} s, cut at {at[0]}..{at[-1]}; flowed again after {sorted(pauses)[len(pauses) // 2]:.2f} s (worst "
            f"{max(pauses):.2f}); Ethernet x {factor:.2f} of the texts" + ("" if limited else " (no tbf)"))


def urgent_overtakes(net):
    """64 kbit/s, 300 ms, one frame in five lost."""
    a, b, link = two(net, "wire")
    link.set(kbit=64, loss=0.2, delay_ms=300, cut=True)
    # More than the sender's system takes in at once: what is there already cannot be overtaken.
    backlog = noise(2000)
    phone = Phone(a.namespace)
    phone.post(backlog)
    reader = Phone(b.namespace, patience=120)
    reader.subscribe("commons/board/need/+")
    link.set(cut=False)
    arrived(b, 1, 90)
    began = time.monotonic()
    phone.post([urgent("insulin, stairwell B")])
    took = reader.wait_for("insulin, stairwell B", 90) - began
    missing = 2001 - b.status()["entries"]
    assert missing > 500, f"the urgent need came when only {missing} of 2001 were missing"
    on_time(took, URGENT_LOSSY_S, f"the urgent need took {took:.1f} s")
    link.set(kbit=0, loss=0, delay_ms=1)
    arrived(b, 2001, 60)
    exactly([a, b], [*backlog, "insulin, stairwell B"])
    return f"there after {took:.1f} s, before {missing} of the 2000 that had waited longer; all there once the cable was good"


def urgent_on_a_slow_cable(net):
    """64 kbit/s, nothing lost; urgent needs in the middle of a transfer that fills the cable."""
    a, b, link = two(net)
    link.down()
    if not link.limit(64):
        return "not measured: no tbf in this kernel"
    backlog = noise(1200)
    phone = Phone(a.namespace)
    phone.post(backlog)
    reader = Phone(b.namespace, patience=120)
    reader.subscribe("commons/board/need/+")
    link.up()
    arrived(b, 20, 90)
    took, texts = [], []
    for number in range(5):
        time.sleep(1)
        words_ = f"insulin {number}, stairwell B"
        texts.append(words_)
        began = time.monotonic()
        phone.post([urgent(words_)])
        took.append(reader.wait_for(words_, 90) - began)
    missing = 1205 - b.status()["entries"]
    assert missing > 200, f"only {missing} of 1200 were still waiting: this proves nothing"
    middle = sorted(took)[2]
    on_time(middle, URGENT_S, f"an urgent need took {middle:.1f} s")
    link.limit(10_000)
    arrived(b, 1205, 60)
    exactly([a, b], [*backlog, *texts])
    return (f"five urgent needs took {', '.join(f'{one:.1f}' for one in took)} s, before {missing} of the 1,200 that had waited "
            "longer; all there once the cable was good")


def published(stream):
    """The payloads of the PUBLISH packets (MQTT 5) in the bytes of one direction of a connection."""
    at, found = 0, []
    while at + 2 <= len(stream):
        length, shift, head = 0, 0, at + 1
        while True:
            length |= (stream[head] & 127) << shift
            shift += 7
            head += 1
            if stream[head - 1] < 128:
                break
        if stream[at] >> 4 == 3:
            body = stream[head:head + length]
            skip = 2 + int.from_bytes(body[:2], "big") + (2 if stream[at] & 6 else 0)
            found.append(body[skip + 1 + body[skip]:])
        at = head + length
    return found


def nothing_to_sync(net):
    a, b, link = two(net)
    texts = words(1000, "old")
    Phone(a.namespace).post(texts)
    exactly([a, b], texts)
    time.sleep(0.5)
    for block in (a, b):
        block.stop()
    tap = Tap(a.namespace, link.device, keep=True)
    before = link.counted()["bytes"]
    for block in (a, b):
        block.start()
    wait_for("the link", lambda: paired(a, b) and paired(b, a) and a.peer(b)["complete"] and b.peer(a)["complete"])
    time.sleep(1.5)
    ethernet = link.counted()["bytes"] - before
    counts = tap.end()
    messages = [len(payload) for stream in tap.streams() for payload in published(stream)]
    exactly([a, b], texts)
    assert messages, "no link was made"
    assert sum(messages) <= NOTHING_BYTES_MAX, f"{sum(messages)} B of payload in {messages}"
    return (f"{sum(messages)} B of payload in messages of {messages}; {counts['tcp payload']} B with MQTT around it, "
            f"{ethernet} B of Ethernet with ARP and announcements")


class Neighbour(threading.Thread):
    """Posts at one gateway and reads at another, again and again; notes the longest it had to wait."""

    def __init__(self, here, there):
        super().__init__(daemon=True)
        self.here, self.there, self.going, self.fault, self.took, self.texts = here, there, True, None, [], []
        self.start()

    def run(self):
        try:
            phone, reader = Phone(self.here.namespace, "neighbour"), Phone(self.there.namespace, "reader")
            reader.subscribe("commons/board/need/+")
            while self.going:
                words_ = f"pulse {len(self.texts)}."
                self.texts.append(words_)
                began = time.monotonic()
                phone.post([words_])
                self.took.append(reader.wait_for(words_) - began)
                time.sleep(0.02)
        except Exception as error:  # noqa: BLE001
            self.fault = error

    def end(self):
        self.going = False
        self.join(40)
        assert self.fault is None, f"the neighbour was disturbed: {self.fault!r}"
        return max(self.took)


def hostile_peer(net):
    """A stranger at the link port of `a`, who has recorded a session of `b`; meanwhile neighbours post."""
    a, b = Block(net, "a", beacon=False), Block(net, "b", beacon=False)
    good = net.join(a.namespace, b.namespace)
    trust(good, a, b)
    b.start()
    tap = Tap(a.namespace, good.device, keep=True)
    a.start()
    wait_for("the link", lambda: paired(a, b) and paired(b, a))
    Phone(a.namespace).post(["recorded"])
    wait_equal([a, b])
    time.sleep(0.3)
    tap.end()
    recordings = tap.streams()
    h = net.add("h")
    bad = net.join(h, a.namespace)
    worse = net.join(h, b.namespace)
    doors = ((bad.addresses[1], a), (worse.addresses[1], b))
    neighbour = Neighbour(a, b)
    time.sleep(1)
    quiet, links = max(neighbour.took), a.peer(b)["links"]
    told, chance = {}, random.Random(7)

    def topic(callee, caller):
        return f"commons/link/{callee.id[:DIGITS]}/{caller.id[:DIGITS]}/up"

    def attack(kind, payload, door, block, other):
        """One stranger's message; how the call went on."""
        try:
            phone = Phone(h, f"h{chance.random()}", door, patience=3)
            phone.send(packet(0x82, b"\0\1" + text(topic(block, other).replace("/up", "/down")) + b"\0"))
            phone.publish(topic(block, other), payload, 0)
            phone.stream.settimeout(0.3)
            answer = "silence"
            with contextlib.suppress(TimeoutError):
                while True:
                    first, body = phone.read()
                    if first >> 4 == 3:
                        answer = "answered"
            phone.close()
        except OSError:
            answer = "hung up"
        told[kind, answer] = told.get((kind, answer), 0) + 1

    handshakes = [payload for stream in recordings for payload in published(stream)]
    for door, block in doors:
        other = b if block is a else a
        for length in (0, 1, 2, 3, 31, 32, 33, 47, 48, 64, 96, 200, 1000, 60_000):
            attack("garbage", chance.randbytes(length), door, block, other)
            # With the first byte of a real handshake.
            attack("garbage", handshakes[0][:1] + chance.randbytes(length), door, block, other)
        for whole in handshakes[:4]:
            for cut in (1, 2, len(whole) // 2, len(whole) - 1):
                attack("truncated", whole[:cut], door, block, other)
        for whole in handshakes:
            attack("replayed", whole, door, block, other)
        # A whole recorded session, byte for byte.
        for stream in recordings:
            with contextlib.suppress(OSError):
                phone = Phone(h, "replay", door, patience=2)
                phone.stream.close()
                raw = dial(h, 1883, door, 2)
                raw.sendall(stream)
                with contextlib.suppress(TimeoutError):
                    while raw.recv(65536):
                        pass
                raw.close()
    flood, refused = 10_000, 0
    held = []
    began = time.monotonic()
    for number in range(flood):
        try:
            stream = dial(h, 1883, bad.addresses[1], 3)
            stream.sendall(packet(0x10, text("MQTT") + b"\x04\x02\0\0" + text(f"f{number}"))
                           + packet(0x30, text(topic(a, b)) + handshakes[0]))
            held.append(stream)
        except OSError:
            refused += 1
        if len(held) > 400:
            held.pop(0).close()
    flooded = time.monotonic() - began
    for stream in held:
        stream.close()
    time.sleep(0.5)
    slowest = neighbour.end()
    exactly([a, b], ["recorded", *neighbour.texts])
    refusals = sum("a call was refused" in line_ for line_ in a.log)
    reasons = {line_.split("why=")[-1].strip() for line_ in a.log + b.log if "a call was refused" in line_}
    assert a.peer(b)["links"] == links, "the honest link was cut"
    assert reasons, "no attack was named in the log"
    assert not any(kind == "replayed" and answer == "linked" for kind, answer in told)
    on_time(slowest, 2, f"the neighbour waited {slowest:.2f} s")
    return (f"{sum(told.values())} calls with garbage, cut and replayed handshakes, {len(recordings)} sessions replayed, {flood} "
            f"connections in {flooded:.0f} s: {refusals} refused by name ({len(reasons)} reasons); {len(neighbour.texts)} posts crossed "
            f"meanwhile, slowest {slowest * 1000:.0f} ms (quiet {quiet * 1000:.0f})")


DIGITS = 16


def rebuilt(net):
    """B gets a new card: same name, new identity."""
    blocks = {name: Block(net, name, beacon=True) for name in "abc"}
    a, b, c = blocks.values()
    net.join(a.namespace, b.namespace)
    net.join(b.namespace, c.namespace)
    for block in blocks.values():
        block.start()
    pair(a, b)
    pair(b, c)
    texts = []
    for name, block in blocks.items():
        mine = noise(700, seed=ord(name))
        Phone(block.namespace).post(mine)
        texts += mine
    exactly([a, b, c], texts)
    old = b.id
    b.kill9()
    b.wipe()
    b.start()
    assert b.id != old and b.status()["entries"] == 0
    began = time.monotonic()
    pair(a, b)
    wait_for("b to be complete", lambda: b.status()["entries"] == len(texts) and
             all(peer["complete"] for peer in b.status()["peers"]), 30)
    took = time.monotonic() - began
    pair(c, b)
    exactly([a, b, c], texts)
    said = [peer["complete"] for peer in b.status()["peers"]]
    Phone(c.namespace).post(["after the new card"])
    exactly([a, b, c], [*texts, "after the new card"])
    words_ = b.cli("peer", "list")
    assert "complete: all it announced is here" in words_, words_
    return f"{len(texts)} of {len(texts)} (its own old ones too) {took:.2f} s after pairing; complete: {said}"


def main():
    why = usable()
    if why:
        print(f"{why}\nskipped")
        return
    checks, net = Checks(), Net()
    listed = [
        ("acknowledged while apart, sender killed: all arrive", acknowledged_is_kept),
        ("acknowledged while apart, receiver killed three times", receiver_killed_three_times),
        ("cut and healed, nobody restarted", cut_and_healed_without_restart),
        ("line of five", lambda net_: line(net_, 5)),
        ("ring of three", ring),
        ("star of five", star),
        ("mesh of eight", mesh),
        ("3,000 waiting, cut ten times, sender killed in three of them", cut_ten_times),
        ("64 kbit/s, 20 % loss, 300 ms: urgent overtakes", urgent_overtakes),
        ("64 kbit/s: urgent between the pieces of a long transfer", urgent_on_a_slow_cable),
        ("nothing to sync after a restart of both", nothing_to_sync),
        ("hostile peer at the link port", hostile_peer),
        ("rebuild with a new card", rebuilt),
    ]
    if LONG:
        listed.insert(4, ("line of sixteen", lambda net_: line(net_, 16)))
    for name, check in listed:
        if not ONLY or any(word in name for word in ONLY):
            checks.run(name, check, net)
            net.clear()
    checks.end()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
