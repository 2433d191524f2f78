"""A card's image in an emulated 64-bit ARM machine (qemu-system-aarch64 -M virt, started by UEFI as any board would be), and what one
does with such a box: type on its console, ask its page, post to it, pull its card."""

import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests"))
import mqtt  # noqa: E402

FIRMWARE = os.environ.get("QEMU_EFI", "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd")
# Emulated on a busy machine everything takes its time.
BOOT_S = int(os.environ.get("BOOT_S", "600"))


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Failed(Exception):
    """What a neighbour would lose."""


class Card:
    """A copy of an image that is written to."""

    def __init__(self, image, folder, name, settings=None, mib=3072, again=False):
        self.path = os.path.join(folder, name + ".img")
        if again:
            return
        subprocess.run(["cp", "--sparse=always", image, self.path], check=True)
        # A larger card than the image, as every card is.
        os.truncate(self.path, max(mib << 20, os.path.getsize(image)))
        if settings is not None:
            self.put("commons.toml", settings)

    def _mtools(self, *command):
        return subprocess.run(command, capture_output=True, check=False, env={**os.environ, "MTOOLS_SKIP_CHECK": "1"})

    def put(self, name, data):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data if isinstance(data, bytes) else data.encode())
            file.flush()
            done = self._mtools("mcopy", "-o", "-i", self.path + "@@4M", file.name, "::" + name)
        if done.returncode:
            raise Failed(done.stderr.decode())

    def drop(self, name):
        self._mtools("mdel", "-i", self.path + "@@4M", "::" + name)

    def get(self, name):
        return self._mtools("mtype", "-i", self.path + "@@4M", "::" + name).stdout.decode(errors="replace")


class Machine:
    """A running box. `link` joins two of them by a cable: ("listen" | "connect", port)."""

    every = []

    def __init__(self, card, folder, name="box", link=None, stick=None, more=()):
        self.card, self.name = card, name
        self.http, self.mqtt = free_port(), free_port()
        self.log = os.path.join(folder, f"{name}.console")
        self.console_path = os.path.join(folder, f"{name}.sock")
        self.monitor_path = os.path.join(folder, f"{name}.mon")
        for path in (self.console_path, self.monitor_path):
            if os.path.exists(path):
                os.unlink(path)
        forward = f"hostfwd=tcp:127.0.0.1:{self.http}-:80,hostfwd=tcp:127.0.0.1:{self.mqtt}-:1883"
        command = [
            "nice", "-n", "2", "qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72", "-smp", os.environ.get("BOOT_SMP", "2"),
            "-m", "1024", "-accel", "tcg,thread=multi", "-display", "none", "-no-reboot", "-bios", FIRMWARE,
            "-drive", f"file={card.path},format=raw,if=virtio,cache=none",
            "-netdev", f"user,id=n0,{forward}", "-device", "virtio-net-pci,netdev=n0,romfile=",
            "-device", "virtio-rng-pci", "-device", "qemu-xhci,id=usb", "-device", "usb-kbd",
            # Emulated on a busy machine, 15 s pass in which nothing gets on: it is fed, but does not bite here.
            "-device", "i6300esb", "-watchdog-action", "none",
            "-chardev", f"socket,id=c0,path={self.console_path},server=on,wait=off,logfile={self.log},logappend=on", "-serial", "chardev:c0",
            "-monitor", f"unix:{self.monitor_path},server=on,wait=off", *more,
        ]
        if link:
            how, port = link
            mac = "52:54:00:c0:00:0" + ("1" if how == "listen" else "2")
            command += ["-netdev", f"socket,id=n1,{how}=127.0.0.1:{port}", "-device", f"virtio-net-pci,netdev=n1,mac={mac},romfile="]
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        Machine.every.append(self)
        self.console = None
        self.seen = b""

    # The console

    def _connect(self):
        while self.console is None:
            try:
                it = socket.socket(socket.AF_UNIX)
                it.connect(self.console_path)
                self.console = it
            except OSError:
                if self.process.poll() is not None:
                    raise Failed(f"{self.name}: the emulator ended") from None
                time.sleep(0.2)

    def expect(self, pattern, seconds):
        self._connect()
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            left = end - time.monotonic()
            if left <= 0:
                raise Failed(f"{self.name}: no {pattern!r} on the console within {seconds} s:\n" + self.seen[-2000:].decode(errors="replace"))
            self.console.settimeout(min(left, 5))
            try:
                some = self.console.recv(65536)
                if not some:
                    raise Failed(f"{self.name}: the emulator ended:\n" + self.seen[-2000:].decode(errors="replace"))
                self.seen += some
            except TimeoutError:
                if self.process.poll() is not None:
                    raise Failed(f"{self.name}: the emulator ended") from None

    def login(self):
        """Waits for a shell that answers. Returns seconds since the start."""
        # What was said before we listened is lost, so it is asked until somebody answers.
        end = time.monotonic() + BOOT_S
        while True:
            self._connect()
            self.console.sendall(b"\n")
            try:
                self.expect(rb"root@commons:~# ", 10)
                break
            except Failed:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
        took = time.monotonic() - self.started
        self.console.sendall(b"stty -echo cols 250; bind 'set enable-bracketed-paste off' 2>/dev/null; PS1=; PS2=; export TERM=dumb SYSTEMD_COLORS=0 PAGER=cat; dmesg -n 1; echo rea''dy\n")
        self.expect(rb"[^']ready\r?\n", 120)
        return took

    def run(self, command, seconds=180, check=True):
        """What a command says on the console."""
        self.seen = b""
        mark = "%08x" % random.getrandbits(32)
        # Its end is told from its own echo by the two marks.
        self.console.sendall(f"{{ {command}\n}} 2>&1; echo end-''{mark}-$?\n".encode())
        found = self.expect(rb"(?s)^(.*?)end-" + mark.encode() + rb"-(\d+)\r?\n", seconds)
        said = found.group(1).decode(errors="replace").replace("\r", "")
        if check and found.group(2) != b"0":
            raise Failed(f"{self.name}: `{command}` ends with {found.group(2).decode()}:\n{said}")
        return said

    # The page

    def get(self, path, seconds=20):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=seconds) as answer:
            return answer.read().decode()

    def wait_up(self, seconds=BOOT_S):
        """Waits until the page comes. Returns seconds since the start."""
        end = time.monotonic() + seconds
        while True:
            try:
                self.get("/healthz", 5)
                return time.monotonic() - self.started
            except OSError as error:
                if self.process.poll() is not None:
                    raise Failed(f"{self.name}: the machine ended by itself") from None
                if time.monotonic() > end:
                    raise Failed(f"{self.name}: no page within {seconds} s: {error}") from None
                time.sleep(0.5)

    def needs(self):
        texts, after = [], ""
        while True:
            page = json.loads(self.get(f"/api/v1/needs?limit=200{after}", 60))
            texts += [item["text"] for item in page]
            if len(page) < 200:
                return texts
            after = "&after=" + page[-1]["id"]

    def burst(self, texts, stop_after=None, window=40):
        """Posts at QoS 1 and returns what was acknowledged; the card is pulled after `stop_after` acknowledgements and a moment more."""
        it = socket.create_connection(("127.0.0.1", self.mqtt), timeout=60)
        packets = mqtt.Packets(it)
        it.sendall(mqtt.packet(0x10, mqtt.text("MQTT") + b"\x04\x02\x00\x3c" + mqtt.text("burst-%x" % random.getrandbits(40))))
        if packets.read()[1] != b"\0\0":
            raise Failed("not welcome")
        sent, acknowledged, cut = 0, set(), None
        try:
            while len(acknowledged) < len(texts):
                while sent < len(texts) and sent - len(acknowledged) < window:
                    sent += 1
                    it.sendall(mqtt.packet(0x32, mqtt.text("commons/post/need") + sent.to_bytes(2, "big") + texts[sent - 1].encode()))
                if cut is None and stop_after is not None and len(acknowledged) >= stop_after:
                    cut = time.monotonic() + random.random() * 0.3
                if cut is not None and time.monotonic() >= cut:
                    break
                it.settimeout(60 if cut is None else max(0.001, cut - time.monotonic()))
                try:
                    first, body = packets.read()
                except TimeoutError:
                    if cut is None:
                        raise Failed("no acknowledgement within 60 s") from None
                    continue
                if first >> 4 == 4:
                    acknowledged.add(texts[int.from_bytes(body[:2], "big") - 1])
        finally:
            if stop_after is not None:
                self.pull()
            it.close()
        return acknowledged

    # Its end

    def pull(self):
        """The card, or the plug: no warning, nothing written any more."""
        self.process.kill()
        self.process.wait()
        if self.console:
            self.console.close()

    def monitor(self, command):
        with socket.socket(socket.AF_UNIX) as it:
            it.connect(self.monitor_path)
            it.settimeout(10)
            it.recv(4096)
            it.sendall(command.encode() + b"\n")
            time.sleep(0.5)
            return it.recv(65536).decode(errors="replace")

    def poweroff(self):
        try:
            self.console.sendall(b"systemctl poweroff\n")
            self.process.wait(180)
        except (subprocess.TimeoutExpired, OSError):
            self.pull()


class Folder:
    """A folder for cards, gone afterwards unless KEEP is set."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="commons-boot-", dir=os.environ.get("BOOT_DIR"))
        return self.path

    def __exit__(self, *_):
        # A check that failed leaves its boxes running.
        while Machine.every:
            box = Machine.every.pop()
            if box.process.poll() is None:
                box.pull()
        if not os.environ.get("KEEP"):
            shutil.rmtree(self.path, ignore_errors=True)
