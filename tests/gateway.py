"""Starts the real daemon for the Python scripts beside this file, and counts what held.

Needs nothing but Python; finds the binary in COMMONSD_BIN, else the release build, else the debug build.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATIENCE_S = 20


def binary():
    given = os.environ.get("COMMONSD_BIN")
    if given:
        return given
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for profile in ("release", "debug"):
        if (target / profile / "commonsd").exists():
            return str(target / profile / "commonsd")
    sys.exit("no commonsd: run `cargo build --release -p commonsd` first")


def wait_for(what, ask, patience_s=PATIENCE_S):
    """Asks again until the answer is true; raises with what was waited for."""
    end = time.monotonic() + patience_s
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience_s} s for {what}")
        time.sleep(0.02)


class Gateway:
    """One daemon in a temporary directory, on loopback ports of its own."""

    def __init__(self, config="", founders=()):
        self.home = tempfile.mkdtemp(prefix="commons-")
        self.data = os.path.join(self.home, "data")
        os.mkdir(self.data)
        if config:
            with open(os.path.join(self.data, "commonsd.toml"), "w") as file:
                file.write(config)
        if founders:
            named = [["--founder", f"{founder},{os.path.join(self.home, founder.split(',')[0])}.key"] for founder in founders]
            self.said("init", "--found", "Maple Street", *sum(named, []))
        self.start()

    def start(self):
        self.log = []
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COMMONSD_")}
        self.process = subprocess.Popen(
            [binary(), "run", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", self.data],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()
        printed = ""
        while "Post from here:" not in printed:
            line = self.process.stdout.readline()
            if not line:
                self.process.wait()
                raise AssertionError("the gateway did not start: " + "".join(self.log))
            printed += line
        self.mqtt = int(re.search(r"mqtt  [\d.]+:(\d+)", printed)[1])
        self.http = int(re.search(r"http  [\d.]+:(\d+)", printed)[1])
        self.printed = printed

    def said(self, *arguments):
        """A command on its data, which must succeed: what it printed."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COMMONSD_")}
        command = [binary(), *arguments, "--data", self.data]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=PATIENCE_S)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        """SIGTERM, and away with its directory."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill9()
        shutil.rmtree(self.home, ignore_errors=True)

    def alive(self):
        return self.process.poll() is None

    def request(self, method, path, body=None, media="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, {"Content-Type": media} if body is not None else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def get(self, path):
        return json.loads(self.request("GET", path)[1])

    def texts(self, plural="needs"):
        found, after = [], ""
        while True:
            page = self.get(f"/api/v1/{plural}?status=all&limit=1000{after}")
            if not page:
                return found
            found += [item["text"] for item in page]
            after = "&after=" + page[-1]["id"]

    def metric(self, name):
        text = self.request("GET", "/metrics")[1]
        found = re.search(rf"^commonsd_{name} (\d+)$", text, re.M)
        return int(found[1]) if found else None

    def rss_mb(self):
        """Resident memory in MB (10^6), as the targets count it."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) * 1024 / 1e6

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def unhurt(self):
        assert self.alive(), "the gateway is gone: " + "".join(self.log[-20:])
        assert self.metric("session_panics_total") == 0, "a session panicked"
        log = "".join(self.log)
        assert "panic" not in log, log


class Checks:
    """Runs checks one by one and counts."""

    def __init__(self):
        self.passed = self.failed = 0

    def run(self, name, check, *arguments):
        began = time.monotonic()
        try:
            said = check(*arguments)
            self.passed += 1
            print(f"ok    {name} ({time.monotonic() - began:.1f} s){': ' + said if said else ''}", flush=True)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self.failed += 1
            print(f"FAIL  {name}: {type(error).__name__}: {error}", flush=True)
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"      at {pathlib.Path(where.filename).name}:{where.lineno}: {where.line}", flush=True)

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed else 0)
