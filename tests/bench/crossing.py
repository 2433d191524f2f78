"""What every contender of gossip.py does alike: all waits at one end while the cable is out, then it is plugged in.

A contender that no package of Debian has is fetched once, by cargo or npm, into a folder of its own.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "netns"))
from gateway import wait_for  # noqa: E402
from net import Tap, inside  # noqa: E402

CACHE = pathlib.Path(os.environ.get("COMMONSD_BENCH") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "commonsd-bench")


def crossing(link, came, wanted, patience=30, settle=1):
    """Plugs the cable in: Ethernet bytes until a moment after all is there, seconds until then, how many came."""
    before, began = link.counted()["bytes"], time.monotonic()
    link.up()
    with contextlib.suppress(AssertionError):
        wait_for("all", lambda: came() >= wanted, patience)
    took = time.monotonic() - began
    time.sleep(settle)
    return {"bytes": link.counted()["bytes"] - before, "s": took, "came": came()}


def tapped(namespace, link, act, wait=3):
    """TCP payload on the cable, both ways, from before `act` to some seconds after it."""
    tap = Tap(namespace, link.device)
    act()
    time.sleep(wait)
    return tap.end()["tcp payload"]


def fetch(name, there, *command, **environment):
    """The file `there` in the cache, made by the command if it is missing; None, with the reason printed, if that fails."""
    home = CACHE / name
    if not (home / there).exists():
        home.mkdir(parents=True, exist_ok=True)
        print(f"fetching {name} into {home}", file=sys.stderr, flush=True)
        done = subprocess.run(command, cwd=home, env={**os.environ, **environment}, capture_output=True, text=True)
        if done.returncode or not (home / there).exists():
            print(f"{name} cannot be fetched: {done.stderr.strip()[-500:]}", file=sys.stderr, flush=True)
            return None
    return home / there


class Contender:
    """A process in a namespace, with a folder that survives kill -9."""

    def __init__(self, net, name):
        self.net, self.name, self.namespace = net, name, net.add(name)
        self.home = tempfile.mkdtemp(prefix=net.mark)
        os.chmod(self.home, 0o777)
        self.process = None
        net.later(self.end)

    def spawn(self, *words, **more):
        with inside(self.namespace):
            self.process = subprocess.Popen(words, **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **more})

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill9()

    def end(self):
        if self.process and self.process.poll() is None:
            self.kill9()
        shutil.rmtree(self.home, ignore_errors=True)
