"""MQTT as bytes, for scripts that must send what no client library would."""

import struct


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(value)) + value


def packet(first, body=b""):
    length, out = len(body), bytearray([first])
    while True:
        byte, length = length % 128, length // 128
        out.append(byte | (128 if length else 0))
        if not length:
            return bytes(out) + body


class Packets:
    """Whole packets (first byte, body) out of a socket."""

    def __init__(self, stream):
        self.stream, self.bytes = stream, b""

    def read(self):
        while True:
            length = shift = 0
            for place in range(1, min(5, len(self.bytes))):
                length |= (self.bytes[place] & 127) << shift
                shift += 7
                if self.bytes[place] < 128:
                    if len(self.bytes) < 1 + place + length:
                        break
                    first, body = self.bytes[0], self.bytes[1 + place:1 + place + length]
                    self.bytes = self.bytes[1 + place + length:]
                    return first, body
            some = self.stream.recv(1 << 16)
            if not some:
                raise ConnectionError("hung up")
            self.bytes += some
