"""paho-mqtt (Python) against the real daemon: 3.1.1 and 5, over TCP and WebSocket.

Needs paho-mqtt 2. Ends with a line "N passed, N failed".
"""

import json
import os
import pathlib
import queue
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from gateway import Checks, Gateway, PATIENCE_S, wait_for  # noqa: E402

import paho.mqtt.client as mqtt  # noqa: E402
from paho.mqtt.enums import CallbackAPIVersion  # noqa: E402
from paho.mqtt.packettypes import PacketTypes  # noqa: E402
from paho.mqtt.properties import Properties  # noqa: E402

V4, V5 = mqtt.MQTTv311, mqtt.MQTTv5


class Client:
    """A paho client whose events wait in queues."""

    def __init__(self, gateway, version, transport, name, clean=True, will=None, expiry_s=0, connect=True,
                 login=None):
        self.gateway, self.version, self.transport = gateway, version, transport
        extra = {"clean_session": clean} if version == V4 else {}
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=version, transport=transport, **extra)
        if transport == "websockets":
            self.paho.ws_set_options(path="/mqtt")
        self.messages, self.acks, self.ended, self.connected = queue.Queue(), queue.Queue(), queue.Queue(), queue.Queue()
        self.grants = queue.Queue()
        self.paho.on_message = lambda c, u, message: self.messages.put(message)
        self.paho.on_publish = lambda c, u, mid, reason, properties: self.acks.put((mid, reason, properties))
        self.paho.on_disconnect = lambda c, u, flags, reason, properties: self.ended.put(reason)
        self.paho.on_connect = lambda c, u, flags, reason, properties: self.connected.put((flags, reason))
        self.paho.on_subscribe = lambda c, u, mid, reasons, properties: self.grants.put(reasons)
        if will:
            self.paho.will_set(*will)
        if login:
            self.paho.username_pw_set(*login)
        self.options = {}
        if version == V5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = expiry_s
            self.options = {"clean_start": clean, "properties": properties}
        if connect:
            self.connect()

    def connect(self):
        port = self.gateway.http if self.transport == "websockets" else self.gateway.mqtt
        self.paho.connect("127.0.0.1", port, keepalive=30, **self.options)
        self.paho.loop_start()
        flags, reason = self.connected.get(timeout=PATIENCE_S)
        assert not reason.is_failure, f"not welcome: {reason}"
        self.session_present = flags.session_present

    def subscribe(self, topic, qos=1):
        self.paho.subscribe(topic, qos)
        return self.grants.get(timeout=PATIENCE_S)[0]

    def publish(self, topic, payload, qos=1, retain=False):
        mid = self.paho.publish(topic, payload, qos, retain).mid
        while True:
            found, reason, properties = self.acks.get(timeout=PATIENCE_S)
            if found == mid:
                return reason.value, getattr(properties, "ReasonString", "") if properties else ""

    def message(self, fits=lambda message: True):
        end = time.monotonic() + PATIENCE_S
        while True:
            message = self.messages.get(timeout=max(0.01, end - time.monotonic()))
            if fits(message):
                return message

    def quiet(self, s=0.3):
        try:
            raise AssertionError(f"an unexpected message: {self.messages.get(timeout=s).topic}")
        except queue.Empty:
            return True

    def end(self):
        self.paho.disconnect()
        self.paho.loop_stop()

    def drop(self):
        """As a phone out of reach: the socket goes, no DISCONNECT."""
        # loop_stop first, or paho would connect again by itself.
        self.paho.loop_stop()
        self.paho.socket().close()


def payload(message):
    return json.loads(message.payload)


def posts_and_reads(gateway, version, transport):
    reader = Client(gateway, version, transport, "")
    assert reader.subscribe("commons/board/#").value == 1
    poster = Client(gateway, version, transport, f"poster-{version}-{transport}")
    poster.subscribe("commons/receipt/#")
    for qos in (0, 1, 2):
        text = f"paho {version} {transport} qos {qos}"
        poster.publish("commons/post/need", json.dumps({"v": 1, "text": text, "ref": f"r{qos}", "urgency": "week"}), qos)
        receipt = payload(poster.message(lambda m: m.topic.startswith("commons/receipt/")))
        assert receipt["ok"] and receipt["ref"] == f"r{qos}" and receipt["code"], receipt
        state = payload(reader.message(lambda m: m.payload and payload(m).get("text") == text))
        assert state["id"] == receipt["id"] and state["status"] == "open", state
    reader.end()
    poster.end()


def refuses(gateway, version, transport):
    name = f"typo-{version}-{transport}"
    client = Client(gateway, version, transport, name)
    client.subscribe(f"commons/receipt/{name}")
    reason, words = client.publish("commons/post/need", '{"text": "x", "urgncy": "now"}', 1)
    receipt = payload(client.message(lambda m: m.topic.startswith("commons/receipt/")))
    assert receipt["error"] == "unknown_field" and receipt["field"] == "urgncy", receipt
    if version == V5:
        assert reason == 0x99 and "urgncy" in words, (reason, words)
        assert client.publish("somewhere/else", "x", 1)[0] >= 0x80
    # paho 2 hides the reason of a PUBREC: the receipt says it.
    client.publish("commons/post/need", '{"text": "y", "urgncy": "now"}', 2)
    client.message(lambda m: payload(m).get("field") == "urgncy")
    refused = client.subscribe("somewhere/else")
    assert refused.value >= 0x80, refused
    assert client.subscribe("commons/receipt/somebody-else").value >= 0x80
    client.publish("commons/post/need", f"goes on {name}", 1)
    client.end()


def retained(gateway, version, transport):
    a = Client(gateway, version, transport, f"gadget-{version}-{transport}")
    topic = f"commons/local/{version}/{transport}/lamp"
    for qos in (0, 1, 2):
        a.publish(f"{topic}/{qos}", f"on {qos}", qos, True)
    # QoS 0 has no answer: wait until it is kept.
    def kept():
        late = Client(gateway, version, transport, f"late-{version}-{transport}")
        late.subscribe(f"{topic}/+", 2)
        found = {}
        try:
            while len(found) < 3:
                message = late.messages.get(timeout=1)
                assert message.retain
                found[message.topic[-1]] = (message.payload.decode(), message.qos)
        except queue.Empty:
            pass
        late.end()
        return found == {"0": ("on 0", 0), "1": ("on 1", 1), "2": ("on 2", 2)}
    wait_for("three retained messages", kept)
    a.publish(f"{topic}/1", "", 1, True)
    wait_for("one to be cleared", lambda: not lookup(gateway, version, transport, f"{topic}/1"))
    a.end()


def lookup(gateway, version, transport, topic):
    client = Client(gateway, version, transport, "")
    client.subscribe(topic)
    try:
        return client.messages.get(timeout=0.5)
    except queue.Empty:
        return None
    finally:
        client.end()


def local_all_qos(gateway, version, transport):
    topic = f"commons/local/{version}/{transport}/door"
    reader = Client(gateway, version, transport, "")
    writer = Client(gateway, version, transport, "")
    for granted in (0, 1, 2):
        assert reader.subscribe(topic, granted).value == granted
        for sent in (0, 1, 2):
            writer.publish(topic, f"{sent}", sent)
            message = reader.message()
            assert message.qos == min(sent, granted) and message.payload == str(sent).encode(), (message.qos, sent)
            assert not message.retain
    reader.paho.unsubscribe(topic)
    writer.publish(topic, "after", 2)
    marker = f"{topic}/marker"
    reader.subscribe(marker)
    writer.publish(marker, "marker", 1)
    found = [m.payload for m in (reader.message(),)]
    while found[-1] != b"marker":
        found.append(reader.message().payload)
    # The unsubscription may have been under way with the first message, not with a later one.
    writer.publish(topic, "much later", 2)
    writer.publish(marker, "again", 1)
    assert reader.message().payload == b"again"
    reader.end()
    writer.end()


def order(gateway, version, transport):
    topic = f"commons/local/{version}/{transport}/row"
    reader = Client(gateway, version, transport, "")
    reader.subscribe(topic, 1)
    writer = Client(gateway, version, transport, "")
    for number in range(2000):
        writer.paho.publish(topic, str(number), 1)
    found = [int(reader.message().payload) for _ in range(2000)]
    assert found == list(range(2000)), "out of order or lost"
    reader.end()
    writer.end()


def will(gateway, version, transport):
    topic = f"commons/local/{version}/{transport}/will"
    reader = Client(gateway, version, transport, "")
    reader.subscribe(topic)
    polite = Client(gateway, version, transport, "", will=(topic, "polite", 1, False))
    polite.end()
    gone = Client(gateway, version, transport, "", will=(topic, "gone", 1, True))
    gone.drop()
    message = reader.message()
    assert message.payload == b"gone", "a DISCONNECT clears the will"
    assert lookup(gateway, version, transport, topic).payload == b"gone", "a retained will is kept"
    reader.end()


def persistent(gateway, version, transport):
    name, topic = f"absent-{version}-{transport}", f"commons/local/{version}/{transport}/mail"
    first = Client(gateway, version, transport, name, clean=False, expiry_s=600)
    assert not first.session_present
    first.subscribe(topic, 1)
    first.subscribe("commons/board/need/+", 1)
    first.drop()
    writer = Client(gateway, version, transport, "")
    for number in range(50):
        writer.publish(topic, str(number), 1)
    text = f"while {name} was away"
    writer.publish("commons/post/need", json.dumps({"text": text, "urgency": "week"}), 1)
    second = Client(gateway, version, transport, name, clean=False, expiry_s=600)
    assert second.session_present, "the session was kept"
    mail, board = [], []
    while len(mail) < 50 or text not in board:
        message = second.message()
        if message.topic == topic:
            mail.append(int(message.payload))
        elif message.payload:
            board.append(payload(message)["text"])
    assert mail[:50] == list(range(50)), mail
    second.end()
    third = Client(gateway, version, transport, name, clean=True)
    assert not third.session_present
    writer.publish(topic, "to nobody", 1)
    third.quiet()
    third.end()
    writer.end()


def takeover(gateway, version, transport):
    name = f"twice-{version}-{transport}"
    first = Client(gateway, version, transport, name)
    first.paho.reconnect_delay_set(60, 60)
    second = Client(gateway, version, transport, name)
    reason = first.ended.get(timeout=PATIENCE_S)
    if version == V5:
        assert reason.value == 0x8E, reason
    first.paho.loop_stop()
    second.subscribe(f"commons/receipt/{name}")
    second.publish("commons/post/need", f"after the takeover {name}", 1)
    assert payload(second.message())["ok"]
    second.end()


def odd_names(gateway, version, transport):
    for name in ("a/b", "a b", "häuschen", "x" * 100):
        for _ in range(2):
            client = Client(gateway, version, transport, name)
            client.publish("commons/post/need", json.dumps({"text": f"{name} {version} {transport}", "urgency": "week"}), 1)
            client.end()


def wildcards(gateway, version, transport):
    client = Client(gateway, version, transport, "")
    base = f"commons/local/{version}/{transport}/wild"
    for topic in ("a", "a/b", "a/b/c", "/x", "ä"):
        client.publish(f"{base}/{topic}", topic, 1, True)
    for pattern, expected in (("#", 6), ("+", 2), ("a/#", 3), ("+/+", 2), ("+/b/+", 1)):
        reader = Client(gateway, version, transport, "")
        reader.subscribe(f"{base}/{pattern}")
        wanted = expected if pattern != "#" else 5
        for _ in range(wanted):
            reader.message()
        reader.quiet(0.15)
        reader.end()
    client.end()


def sys_topics(gateway, version, transport):
    client = Client(gateway, version, transport, "")
    client.subscribe("commons/#")
    client.subscribe("$SYS/broker/#")
    seen = set()
    wanted = {"commons/gateway/state", "commons/gateway/info", "commons/gateway/health", "commons/board/summary",
              "$SYS/broker/version"}
    while not wanted <= seen:
        message = client.message()
        seen.add(message.topic)
        if message.topic == "commons/gateway/state":
            assert payload(message)["state"] == "online"
    client.end()


def big(gateway, version, transport):
    client = Client(gateway, version, transport, "")
    topic = f"commons/local/{version}/{transport}/big"
    client.subscribe(topic, 1)
    client.publish(topic, "z" * 200_000, 1)
    assert len(client.message().payload) == 200_000
    client.end()


def v5_extras(gateway, version, transport):
    """Properties travel, No Local and Retain Handling hold, subscription identifiers come back."""
    client = Client(gateway, V5, transport, "")
    topic = f"commons/local/v5/{transport}/x"
    options = mqtt.SubscribeOptions(qos=1, noLocal=True)
    client.paho.subscribe(topic, options=options)
    client.grants.get(timeout=PATIENCE_S)
    client.publish(topic, "own", 1)
    other = Client(gateway, V5, transport, "")
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = ("from", "the block")
    properties.ContentType = "text/plain"
    properties.ResponseTopic = "commons/local/answer"
    properties.CorrelationData = b"17"
    other.paho.publish(topic, "other", 1, properties=properties)
    message = client.message()
    assert message.payload == b"other", "No Local"
    assert message.properties.UserProperty == [("from", "the block")], message.properties
    assert message.properties.ContentType == "text/plain" and message.properties.CorrelationData == b"17"
    old = Client(gateway, V4, transport, "")
    old.subscribe(topic, 1)
    other.paho.publish(topic, "for both", 1, properties=properties)
    assert old.message().payload == b"for both", "a 3.1.1 client is not hurt by properties"
    other.publish(topic + "/kept", "kept", 1, True)
    reader = Client(gateway, V5, transport, "")
    reader.paho.subscribe(topic + "/kept", options=mqtt.SubscribeOptions(qos=1, retainHandling=2))
    reader.grants.get(timeout=PATIENCE_S)
    reader.quiet()
    for each in (client, other, old, reader):
        each.end()


def post_and_read_at_once(gateway):
    """Four kinds of client post at the same time; a fifth sees all."""
    reader = Client(gateway, V5, "tcp", "")
    reader.subscribe("commons/board/need/+", 1)
    kinds = [(v, t) for v in (V4, V5) for t in ("tcp", "websockets")]

    def post(version, transport):
        client = Client(gateway, version, transport, f"many-{version}-{transport}")
        for number in range(100):
            text = f"at once {version} {transport} {number}"
            client.publish("commons/post/need", json.dumps({"text": text, "urgency": "week"}), 1)
        client.end()

    threads = [threading.Thread(target=post, args=kind) for kind in kinds]
    for thread in threads:
        thread.start()
    wanted = {f"at once {v} {t} {n}" for v, t in kinds for n in range(100)}
    while wanted:
        message = reader.message()
        if message.payload:
            wanted.discard(payload(message)["text"])
    for thread in threads:
        thread.join()
    reader.end()
    found = [text for text in gateway.texts() if text.startswith("at once ")]
    assert len(found) == 400 == len(set(found)), len(found)


def account(gateway, version, transport):
    """A member reads his own account with a pass; nobody else does."""
    key = os.path.join(gateway.home, "ann.key")
    token = json.loads(gateway.said("member", "token", "--json", "--key", key))
    topic, login = "commons/ledger/" + token["member"], (token["member"], token["pass"])
    stranger = Client(gateway, version, transport, "stranger")
    assert stranger.subscribe(topic).is_failure
    stranger.end()
    client = Client(gateway, version, transport, "ann", login=login)
    assert not client.subscribe(topic).is_failure
    first = client.message()
    had = payload(first)["balances"][0]["incoming"]
    assert first.retain and payload(first)["member"]["pseudonym"] == "ann", first.payload
    gateway.said("member", "pay", "ann", "0:05", "--memo", "bread", "--key", os.path.join(gateway.home, "bob.key"))
    changed = client.message(lambda message: payload(message)["balances"][0]["incoming"] == had + 5)
    assert not changed.retain and "bread" in [slip.get("memo") for slip in payload(changed)["open"]]
    client.end()


def main():
    gateway, checks = Gateway(), Checks()
    each = [posts_and_reads, refuses, retained, local_all_qos, order, will, persistent, takeover, odd_names, wildcards,
            sys_topics, big]
    for version, label in ((V4, "3.1.1"), (V5, "5")):
        for transport in ("tcp", "websockets"):
            for check in each:
                checks.run(f"paho {label} {transport}: {check.__name__}", check, gateway, version, transport)
            if version == V5:
                checks.run(f"paho 5 {transport}: v5_extras", v5_extras, gateway, version, transport)
    checks.run("paho: post_and_read_at_once", post_and_read_at_once, gateway)
    checks.run("the gateway is unhurt", gateway.unhurt)
    gateway.end()
    gateway = Gateway(founders=["ann,4B", "bob,2A"])
    for version, label in ((V4, "3.1.1"), (V5, "5")):
        for transport in ("tcp", "websockets"):
            checks.run(f"paho {label} {transport}: account", account, gateway, version, transport)
    checks.run("the founded gateway is unhurt", gateway.unhurt)
    gateway.end()
    checks.end()


main()
