"""Attacks on the real daemon from raw sockets, while a well-behaved neighbour goes on posting and reading.

usage: attacks.py [--connections N] [--phones: the two checks of memory alone]. COMMONS_SEED chooses the malformed bytes again. Needs nothing but Python.
Ends with a line "N passed, N failed".
"""

import base64
import os
import pathlib
import random
import resource
import select
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from gateway import Checks, Gateway, binary, wait_for  # noqa: E402
from mqtt import Packets, packet, text  # noqa: E402

SEED = int(os.environ.get("COMMONS_SEED", time.time_ns() % 2**32))
CONNECTIONS = int(sys.argv[sys.argv.index("--connections") + 1]) if "--connections" in sys.argv else 3000
ROOMY = """
[mqtt]
sessions_max = 3000
sessions_per_address_max = 3000
[http]
connections_max = 3000
connections_per_address_max = 3000
"""


# --- MQTT as bytes -------------------------------------------------------------------------------------------------

def connect(name, version=4, clean=True, keepalive=60, expiry=0, properties=b""):
    body = text("MQTT") + bytes([version, 2 if clean else 0]) + struct.pack(">H", keepalive)
    if version == 5:
        listed = struct.pack(">BI", 0x11, expiry) + properties
        body += bytes([len(listed)]) + listed
    return packet(0x10, body + text(name))


def subscribe(topic, qos=1, version=4, number=1):
    return packet(0x82, struct.pack(">H", number) + (b"\0" if version == 5 else b"") + text(topic) + bytes([qos]))


def publish(topic, payload, qos=0, number=1, version=4, retain=False, properties=b""):
    payload = payload if isinstance(payload, bytes) else payload.encode()
    middle = struct.pack(">H", number) if qos else b""
    if version == 5:
        middle += bytes([len(properties)]) + properties
    return packet(0x30 | qos << 1 | retain, text(topic) + middle + payload)


class Raw:
    """A socket that reads whole packets."""

    def __init__(self, port, hello=None, patience=10):
        self.socket = socket.create_connection(("127.0.0.1", port), patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.packets = Packets(self.socket)
        if hello:
            self.send(hello)
            first, body = self.read()
            assert first == 0x20 and body[1] == 0, f"not welcome: {body!r}"

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        return self.packets.read()

    def hung_up(self, patience=15):
        self.socket.settimeout(patience)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()


class Neighbour(threading.Thread):
    """Posts a need and reads it back over MQTT, again and again; notes the longest it had to wait."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway, self.going, self.fault, self.posts, self.slowest = gateway, True, None, 0, 0.0
        self.start()

    def run(self):
        try:
            port = self.gateway.mqtt
            client = Raw(port, connect("neighbour", keepalive=0), 30)
            client.send(subscribe("commons/board/need/+") + subscribe("commons/local/pulse", number=2))
            while self.going:
                began, number = time.monotonic(), self.posts % 60000 + 10
                words = f"pulse {self.posts} {SEED}"
                client.send(publish("commons/post/need", '{"text":"%s","urgency":"week","expires_s":60}' % words, 1, number))
                acknowledged = seen = False
                while not (acknowledged and seen):
                    first, body = client.read()
                    if first >> 4 == 4:
                        acknowledged |= body[:2] == struct.pack(">H", number)
                    elif first >> 4 == 3:
                        seen |= f'"{words}"'.encode() in body
                        if first & 6:
                            size = struct.unpack(">H", body[:2])[0]
                            client.send(packet(0x40, body[2 + size:4 + size]))
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.posts += 1
                time.sleep(0.02)
        except Exception as error:  # noqa: BLE001
            self.fault = error

    def well(self):
        assert self.fault is None, f"the neighbour was disturbed: {self.fault!r}"
        posts = self.posts
        wait_for("the neighbour to go on", lambda: self.posts > posts or self.fault, 20)
        assert self.fault is None, f"the neighbour was disturbed: {self.fault!r}"


# --- the eight of broker.md ----------------------------------------------------------------------------------------

def topic_that_is_not_ascii(gateway):
    for version in (4, 5):
        for topic in ("ä/b", "水", "\u0080x", "commons/local/ä", "ä"):
            client = Raw(gateway.mqtt, connect("", version))
            client.send(publish(topic, "x", 1, 1, version) + publish(topic, "x", 0, 2, version) +
                        subscribe(topic, 1, version, 3))
            client.close()


def shared_subscription_unacknowledged(gateway):
    for version in (4, 5):
        for _ in range(20):
            one, two = (Raw(gateway.mqtt, connect("", version)) for _ in range(2))
            for client in (one, two):
                client.send(subscribe("$share/g/commons/local/s", 1, version))
            one.send(b"".join(publish("commons/local/s", "x", 1, n, version) for n in range(1, 50)))
            two.send(packet(0xE0))
            one.send(packet(0xE0))
            one.close()
            two.close()


def takeover_while_slow(gateway):
    for version in (4, 5):
        slow = [Raw(gateway.mqtt, connect(f"slow-{version}", version)) for _ in range(1)]
        slow[0].send(subscribe("commons/local/t/#", 1, version))
        writer = Raw(gateway.mqtt, connect("", version))
        for number in range(1, 400):
            writer.send(publish("commons/local/t/x", "y" * 4000, 0, number, version))
        for _ in range(30):
            client = Raw(gateway.mqtt, connect(f"slow-{version}", version))
            client.send(subscribe("commons/local/t/#", 1, version))
            slow.append(client)
        writer.close()
        for client in slow:
            client.close()


def client_id_with_slash_twice(gateway):
    for version in (4, 5):
        for name in ("a/b", "../../x", "a/b/c", "$share/x", "/"):
            first = Raw(gateway.mqtt, connect(name, version))
            second = Raw(gateway.mqtt, connect(name, version))
            assert first.hung_up(), "the older one ends"
            second.close()


def idle_connections(gateway):
    """Idle TCP connections on both ports; WebSocket clients still come in."""
    idle = [socket.create_connection(("127.0.0.1", port)) for port in (gateway.mqtt, gateway.http) for _ in range(100)]
    for _ in range(10):
        websocket(gateway, connect("")).close()
    time_out = [client for client in idle[:100] if not hangs_up(client, 12)]
    assert not time_out, f"{len(time_out)} idle MQTT connections were not cut off"
    for client in idle:
        client.close()


def hangs_up(client, patience):
    client.settimeout(patience)
    try:
        return client.recv(100) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def connack_from_a_client(gateway):
    before = gateway.open_files()
    for version in (4, 5):
        for odd in (b"\x20\x03\0\0\0", b"\x20\x02\0\0", b"\x90\x03\0\x01\0", b"\xb0\x02\0\x01", b"\xd0\0", b"\xf0\0", b"\0\0"):
            for _ in range(40):
                client = Raw(gateway.mqtt, connect("", version))
                client.send(odd)
                client.close()
                fresh = Raw(gateway.mqtt)
                fresh.send(odd)
                fresh.close()
    wait_for("the slots to be free again", lambda: gateway.metric("mqtt_sessions") <= 3)
    wait_for("the sockets to be closed", lambda: gateway.open_files() <= before + 10)


def v5_properties_to_v4(gateway):
    reader = Raw(gateway.mqtt, connect("reader4", 4))
    reader.send(subscribe("commons/local/p/#"))
    assert reader.read()[0] == 0x90
    writer = Raw(gateway.mqtt, connect("", 5))
    listed = b"\x01\x01" + b"\x03" + text("text/plain") + b"\x26" + text("k") + text("v") + b"\x08" + text("a/b")
    writer.send(publish("commons/local/p/1", "with properties", 1, 1, 5, False, listed))
    alias = b"\x23\x00\x01"
    writer2 = Raw(gateway.mqtt, connect("", 5))
    writer2.send(publish("commons/local/p/2", "with alias", 1, 1, 5, False, alias) + publish("", "alias only", 1, 2, 5, False, alias))
    first, body = reader.read()
    assert first >> 4 == 3 and body.endswith(b"with properties"), body
    for client in (reader, writer, writer2):
        client.close()


def filters_without_end(gateway):
    """70,000 distinct filters of one client: memory stays."""
    before = gateway.rss_mb()
    client = Raw(gateway.mqtt, connect("", 4), 60)
    try:
        for start in range(0, 70_000, 500):
            client.send(b"".join(subscribe(f"commons/local/f/{n}/+/#", 1, 4, n % 65535 + 1) for n in range(start, start + 500)))
            for _ in range(500):
                client.read()
    except (ConnectionError, TimeoutError):
        pass  # Cut off for it: as good.
    client.close()
    churn = []
    for number in range(300):
        churn.append(Raw(gateway.mqtt, connect("", 4)))
        churn[-1].send(b"".join(subscribe(f"commons/local/{number}/{n}", 1, 4, n + 1) for n in range(20)))
    for each in churn:
        each.close()
    grown = gateway.rss_mb() - before
    assert grown < 60, f"{grown:.0f} MB more"
    return f"{grown:+.1f} MB"


# --- more ----------------------------------------------------------------------------------------------------------

def websocket(gateway, first=b"", patience=10):
    client = socket.create_connection(("127.0.0.1", gateway.http), patience)
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(f"GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        some = client.recv(1)
        if not some:
            raise ConnectionError("no upgrade")
        head += some
    assert b" 101 " in head, head
    if first:
        client.sendall(frame(first))
    return client


def frame(payload, first=0x82, masked=True):
    size = len(payload)
    head = bytes([first])
    mask = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask | size])
    elif size < 65536:
        head += bytes([mask | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mask | 127]) + struct.pack(">Q", size)
    return head + (b"\0\0\0\0" if masked else b"") + payload


def unframed(data):
    """What the frames of a server say, together."""
    at, said = 0, b""
    while at + 2 <= len(data):
        size, at = data[at + 1] & 127, at + 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            size, at = int.from_bytes(data[at:at + wide], "big"), at + wide
        said += data[at:at + size]
        at += size
    return said


def malformed_connections(gateway):
    """Thousands of connections with broken bytes: random, cut, flipped, glued, over TCP, HTTP and WebSocket."""
    dice = random.Random(SEED)
    print(f"      again with COMMONS_SEED={SEED}")
    good = [lambda v: connect("m", v), lambda v: subscribe("commons/#", 2, v), lambda v: publish("commons/post/need", '{"text":"x","nonsense":1}', 1, 7, v),
            lambda v: publish("commons/local/m", b"\xff" * 50, 2, 8, v), lambda v: packet(0x62, b"\0\x08"), lambda v: packet(0x40, b"\0\x01"),
            lambda v: packet(0x50, b"\0\x01"), lambda v: packet(0x70, b"\0\x09"), lambda v: packet(0xC0), lambda v: packet(0xE0),
            lambda v: packet(0xA2, b"\0\x02" + text("commons/#")), lambda v: packet(0xF0, b"\x18\0"),
            lambda v: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", lambda v: b"POST /api/v1/needs HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc"]

    def spoiled(data):
        data = bytearray(data)
        how = dice.randrange(6)
        if how == 0:
            return dice.randbytes(dice.randrange(1, 300))
        if how == 1:
            return bytes(data[:dice.randrange(len(data) + 1)])
        if how == 2:
            for _ in range(dice.randrange(1, 6)):
                data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        elif how == 3:
            place = dice.randrange(len(data) + 1)
            data[place:place] = dice.randbytes(dice.randrange(1, 20))
        elif how == 4:
            data[1:2] = bytes([255] * dice.randrange(1, 6))
        return bytes(data)

    before = gateway.open_files()
    open_now = []
    for number in range(CONNECTIONS):
        version = dice.choice((3, 4, 5))
        data = b""
        if dice.randrange(3):
            data += connect(dice.choice(("", "m", f"m{number}")), 4 if version == 3 else version)
        for _ in range(dice.randrange(1, 6)):
            whole = dice.choice(good)(version)
            data += spoiled(whole) if dice.randrange(2) else whole
        try:
            door = dice.randrange(4)
            if door == 0:
                client = websocket(gateway)
                data = frame(data) if dice.randrange(4) else frame(data, dice.choice((0x81, 0x80, 0x02, 0x8B, 0xF2)), dice.randrange(2))
            else:
                client = socket.create_connection(("127.0.0.1", gateway.http if door == 1 else gateway.mqtt), 10)
            client.sendall(data)
            if dice.randrange(4) == 0:
                client.shutdown(socket.SHUT_WR)
            elif dice.randrange(8) == 0:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            open_now.append(client)
        except (OSError, AssertionError):
            pass
        if len(open_now) > 50:
            open_now.pop(dice.randrange(len(open_now))).close()
    for client in open_now:
        client.close()
    wait_for("the sockets to be closed", lambda: gateway.open_files() <= before + 10, 30)
    wait_for("the sessions to be over", lambda: gateway.metric("mqtt_sessions") <= 3, 30)
    return f"{CONNECTIONS} connections"


def reader_that_never_reads(gateway):
    """Memory stays, the publisher is not slowed below use, other readers get everything."""
    before = gateway.rss_mb()
    stuck = []
    for _ in range(5):
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", gateway.mqtt))
        client.sendall(connect("") + subscribe("commons/local/slow", 0) + subscribe("commons/board/#", 1, 4, 2))
        stuck.append(client)
    good = Raw(gateway.mqtt, connect("good"), 60)
    good.send(subscribe("commons/local/slow", 0))
    assert good.read()[0] == 0x90
    count, payload, done = 20_000, "z" * 4096, []

    def write():
        writer = Raw(gateway.mqtt, connect(""), 60)
        data = publish("commons/local/slow", payload)
        for _ in range(count):
            writer.send(data)
        done.append(writer)
    thread = threading.Thread(target=write, daemon=True)
    began = time.monotonic()
    thread.start()
    got, most = 0, before
    while got < count:
        if good.read()[0] >> 4 == 3:
            got += 1
        if got % 500 == 0:
            most = max(most, gateway.rss_mb())
    thread.join(60)
    seconds = time.monotonic() - began
    for client in stuck:
        client.close()
    done[0].close()
    good.close()
    assert most - before < 40, f"{most - before:.0f} MB more"
    return f"{count * 4 // 1000} MB in {seconds:.1f} s beside 5 that do not read, {most - before:+.1f} MB"


def post_flood_that_never_reads_its_answers(gateway):
    """Posts without end, never reading a PUBACK: reading pauses, memory stays."""
    before = gateway.rss_mb()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", gateway.mqtt))
    client.sendall(connect("deaf") + subscribe("commons/receipt/deaf", 1))
    client.setblocking(False)
    # More bytes than the sockets' buffers take, but not more items than the board does.
    data = b"".join(publish("commons/post/need", '{"text":"deaf %d %s","expires_s":20}' % (n, "x" * 500), 1, n)
                    for n in range(1, 40_000))
    sent, end = 0, time.monotonic() + 12
    while sent < len(data) and time.monotonic() < end:
        if select.select([], [client], [], 0.5)[1]:
            try:
                sent += client.send(data[sent:sent + 65536])
            except (ConnectionError, BlockingIOError):
                break
    grown = gateway.rss_mb() - before
    client.close()
    assert grown < 40, f"{grown:.0f} MB more"
    return f"{sent * 100 // len(data)} % taken, {grown:+.1f} MB"


def slowloris(gateway):
    """Hundreds of connections that send a byte now and then, on both ports."""
    drip = []
    for number in range(150):
        for port, start in ((gateway.mqtt, connect("drip" + str(number))), (gateway.http, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")):
            client = socket.create_connection(("127.0.0.1", port), 10)
            drip.append((client, iter(start + b"x" * 1000)))
    post = Raw(gateway.mqtt, connect(""))
    cut, end = 0, time.monotonic() + 14
    alive = list(drip)
    while time.monotonic() < end and alive:
        for pair in list(alive):
            client, data = pair
            try:
                client.sendall(bytes([next(data)]))
                if select.select([client], [], [], 0)[0] and client.recv(1000) == b"":
                    raise ConnectionError
            except (ConnectionError, StopIteration):
                alive.remove(pair)
                cut += 1
        assert gateway.request("GET", "/healthz")[0] == 200
        time.sleep(0.5)
    post.close()
    for client, _ in drip:
        client.close()
    on_mqtt = [pair for pair in alive if pair[0].fileno() >= 0]
    assert cut >= 150, f"only {cut} of 300 were cut off; {len(on_mqtt)} still drip"
    return f"{cut} of 300 cut off in 14 s"


def huge_lengths(gateway):
    """Announces 256 MB and sends little: nothing is set aside for it."""
    before = gateway.rss_mb()
    clients = []
    for number in range(100):
        client = Raw(gateway.mqtt, connect(""))
        client.send(b"\x30\xff\xff\xff\x7f" + b"x" * 1000)
        clients.append(client)
        fresh = Raw(gateway.mqtt)
        fresh.send(b"\x10\xff\xff\xff\x7f" + b"x" * 1000)
        clients.append(fresh)
        http = socket.create_connection(("127.0.0.1", gateway.http))
        http.sendall(b"POST /api/v1/needs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nx")
        clients.append(http)
    grown = gateway.rss_mb() - before
    for client in clients:
        client.close()
    assert grown < 20, f"{grown:.0f} MB more"
    return f"{grown:+.1f} MB"


def oversized_packet(gateway):
    """A client over the packet limit is cut off; the limit itself goes through."""
    client = Raw(gateway.mqtt, connect(""))
    try:
        client.send(publish("commons/local/o", b"o" * 5_000_000, 1))
    except ConnectionError:
        pass
    assert client.hung_up()


def will_flood(gateway):
    """Wills by hundreds of clients that are cut off at once."""
    clients = []
    for number in range(300):
        body = text("MQTT") + bytes([4, 2 | 4 | 32]) + struct.pack(">H", 60) + text("") + text(f"commons/local/w/{number}") + text("w" * 1000)
        client = Raw(gateway.mqtt, packet(0x10, body))
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        clients.append(client)
    for client in clients:
        client.close()
    wait_for("their sessions to end", lambda: gateway.metric("mqtt_sessions") <= 3)


def absent_sessions_without_end(gateway):
    """Thousands of persistent sessions that never come back: bounded by mqtt.absent_sessions_max times their queues."""
    before = gateway.rss_mb()
    for number in range(2500):
        client = Raw(gateway.mqtt, connect(f"gone-{number}", 4, clean=False))
        client.send(subscribe("commons/local/pulse", 1))
        client.close()
    writer = Raw(gateway.mqtt, connect(""))
    for number in range(1, 300):
        writer.send(publish("commons/local/pulse", "p" * 1000, 1, number))
        writer.read()
    writer.close()
    grown = gateway.rss_mb() - before
    assert grown < 60, f"{grown:.0f} MB more"
    return f"{grown:+.1f} MB"


def five_hundred_phones():
    """500 WebSocket clients with 300 items to read at first and 400 posts after: under 32 MB (release build)."""
    gateway = Gateway(ROOMY)
    used = []

    def measured():
        # Whatever is under way is not memory that stays.
        time.sleep(2)
        used.append(gateway.rss_mb())

    def need(number):
        status, said = gateway.request("POST", "/api/v1/needs", '{"text":"need %d.","urgency":"week"}' % number)
        assert status in (200, 201), said

    try:
        for number in range(300):
            need(number)
        poll, heard, phones = select.poll(), {}, {}

        def everyone(words):
            """All phones read, as they do, until each has heard these words."""
            waiting, end = set(phones), time.monotonic() + 60
            while waiting:
                assert time.monotonic() < end, f"{len(waiting)} phones have not heard {words}"
                for number, _ in poll.poll(1000):
                    some = phones[number].recv(65536)
                    assert some, "a phone was cut off"
                    heard[number] += some
                    if words in heard[number]:
                        waiting.discard(number)
                    heard[number] = heard[number][-500_000:] if number in waiting else heard[number][-2000:]

        for number in range(500):
            client = websocket(gateway, connect(f"phone-{number}", 4, True, 0))
            client.sendall(frame(subscribe("commons/gateway/#", 0, 4, 1)) + frame(subscribe("commons/board/#", 0, 4, 2)))
            phones[client.fileno()], heard[client.fileno()] = client, b""
            poll.register(client, select.POLLIN)
        quiet = time.monotonic()
        while time.monotonic() < quiet + 2:
            for number, _ in poll.poll(100):
                heard[number] += phones[number].recv(65536)
                quiet = time.monotonic()
        for said in heard.values():
            whole = unframed(said)
            missing = [number for number in range(300) if b'"need %d."' % number not in whole]
            assert not missing, f"a phone was not told of {len(missing)} items"
        heard.update(dict.fromkeys(heard, b""))
        measured()
        for number in range(300, 700):
            need(number)
            everyone(b'"need %d."' % number)
        measured()
        gateway.unhurt()
        assert gateway.metric("mqtt_dropped_total") == 0, "phones missed messages"
        for phone in phones.values():
            phone.close()
        if "release" in binary():
            assert max(used) < 32, f"{used} MB"
        return "%.1f MB after 300 items, %.1f MB after 400 posts" % tuple(used)
    finally:
        gateway.end()


def alone(attack):
    gateway = Gateway(ROOMY)
    try:
        return attack(gateway)
    finally:
        gateway.end()


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    gateway, checks = Gateway(ROOMY), Checks()
    neighbour = Neighbour(gateway)
    for attack in (topic_that_is_not_ascii, shared_subscription_unacknowledged, takeover_while_slow,
                   client_id_with_slash_twice, idle_connections, connack_from_a_client, v5_properties_to_v4,
                   filters_without_end, malformed_connections, reader_that_never_reads,
                   post_flood_that_never_reads_its_answers, slowloris, huge_lengths, oversized_packet, will_flood,
                   absent_sessions_without_end):
        def check():
            said = attack(gateway)
            neighbour.well()
            gateway.unhurt()
            return said
        checks.run(f"attack: {attack.__name__}", check)
    neighbour.going = False
    neighbour.join(10)
    checks.run("the neighbour was never disturbed", lambda: (neighbour.well_at_end(), f"{neighbour.posts} posts, slowest {neighbour.slowest:.2f} s")[1])
    checks.run("no torn or doubled post", lambda: doubled(gateway))
    gateway.end()
    checks.run("500 WebSocket phones", five_hundred_phones)
    checks.end()


def well_at_end(self):
    assert self.fault is None, repr(self.fault)
    assert self.slowest < 15, f"one post took {self.slowest:.1f} s"


Neighbour.well_at_end = well_at_end


def doubled(gateway):
    found = [words for words in gateway.texts() if words.startswith("pulse ")]
    assert len(found) == len(set(found)), "a post is there twice"


if "--phones" in sys.argv:
    only = Checks()
    only.run("500 WebSocket phones", five_hundred_phones)
    only.run("absent sessions", lambda: alone(absent_sessions_without_end))
    only.end()
else:
    main()
