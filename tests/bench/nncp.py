"""NNCP: a spool of encrypted packets, handed over by nncp-call to nncp-daemon. One process for each packet that is queued."""

import os
import re
import shutil
import subprocess
import time

from crossing import Contender, crossing, tapped
from net import inside


def there():
    return shutil.which("nncp-call")


class Nncp(Contender):
    """One node."""

    def __init__(self, net, name):
        super().__init__(net, name)
        text = subprocess.run(["nncp-cfgnew", "-nocomments"], capture_output=True, text=True, check=True).stdout
        self.text = re.sub(r"spool: .*", f"spool: {self.home}/spool", text)
        self.text = re.sub(r"log: .*", f"log: {self.home}/log", self.text)
        self.keys = dict(re.findall(r"^\s+(id|exchpub|signpub|noisepub): (\S+)", text, re.M))
        self.config = f"{self.home}/cfg.hjson"

    def knows(self, other, address):
        keys = "\n".join(f"      {name}: {value}" for name, value in other.keys.items())
        entry = f"""    {other.name}: {{
{keys}
      incoming: "{self.home}/in"
      addrs: {{
        lan: "{address}:5400"
      }}
    }}
"""
        os.makedirs(f"{self.home}/in", exist_ok=True)
        os.makedirs(f"{self.home}/spool", exist_ok=True)
        with open(self.config, "w") as file:
            file.write(re.sub(r"(neigh: \{\n)", lambda found: found[1] + entry, self.text, count=1))

    def run(self, tool, *words, **more):
        with inside(self.namespace):
            return subprocess.run([tool, "-cfg", self.config, *words], capture_output=True, text=True, **more)

    def serve(self):
        self.spawn("nncp-daemon", "-cfg", self.config, "-bind", "0.0.0.0:5400", "-quiet")

    def came(self):
        self.run("nncp-toss", "-quiet", timeout=120)
        return len([name for name in os.listdir(f"{self.home}/in") if name.isdigit()])


def transfer(net, texts):
    """As the others', and TCP payload of one more call with nothing new. Called by hand: it does not notice the cable."""
    a, b = Nncp(net, "a"), Nncp(net, "b")
    link = net.join(a.namespace, b.namespace)
    a.knows(b, link.addresses[1])
    b.knows(a, link.addresses[0])
    b.serve()
    link.down()
    for number, words in enumerate(texts):
        done = a.run("nncp-file", "-quiet", "-", f"b:{number}", input=words)
        assert done.returncode == 0, done.stderr
    took = []

    def call():
        if not took:
            began = time.monotonic()
            a.run("nncp-call", "-quiet", "-onlinedeadline", "2", "b", timeout=120)
            took.append(time.monotonic() - began - 2)
        return b.came()
    told = crossing(link, call, len(texts), 1) | {"s": took[0]}
    told["nothing"] = tapped(a.namespace, link, lambda: a.run("nncp-call", "-quiet", "-onlinedeadline", "1", "b", timeout=60), 0)
    net.clear()
    return told
