"""An update over a stick, as somebody would bring it: one that works, and one that falls over."""

import os
import subprocess
import tempfile

from machine import Card, Failed, Machine

SECRET = os.environ.get("UPDATE_KEY")


def sign(folder, name, data, comment):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    subprocess.run(["minisign", "-S", "-W", "-s", SECRET, "-m", path, "-t", comment], check=True, stdout=subprocess.DEVNULL)
    return [path, path + ".minisig"]


def stick(folder, name, files):
    """A FAT stick with these files in commons/update: one partition, as sticks are sold."""
    path = os.path.join(folder, name + ".stick")
    with open(path, "wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["sfdisk", "--quiet", path], input=b"label: dos\nstart=1MiB, type=c\n", check=True)
    inside = path + "@@1M"
    # Without a table of partitions of its own within the first, which mformat writes for a whole disk.
    subprocess.run(["mformat", "-i", inside, "-T", str(63 << 11), "-h", "16", "-s", "32", "-F", "::"], check=True)
    subprocess.run(["mmd", "-i", inside, "::commons", "::commons/update"], check=True)
    for file in files:
        subprocess.run(["mcopy", "-i", inside, file, "::commons/update/"], check=True)
    return path


def plugged(box, path, words, seconds=300):
    """Plugs a stick in, waits until the box is done with it, and takes it out. What is then on it, for whoever carries it."""
    box.monitor(f"drive_add 0 if=none,id=s0,file={path},format=raw")
    box.monitor("device_add usb-storage,id=stick,drive=s0,bus=usb.0,removable=on")
    said = box.run(
        f"for i in $(seq {seconds}); do [ -n \"$(ls /run/commons/stick-done 2>/dev/null)\" ] && break; sleep 1; done; "
        "cat /run/commons/update.txt; journalctl -u 'commons-stick-update@*' -u 'commonsd-usb@*' --no-pager -o cat | tail -n 12; sleep 4; "
        "journalctl -u commons-led --no-pager -o cat | tail -n 1",
        seconds + 120,
        check=False,
    )
    if "StickIsDone" not in said:
        raise Failed("the light does not say that the stick may be taken out: " + said)
    box.monitor("device_del stick")
    # Until the box has seen that it is gone, the next one would be taken for this one.
    gone = box.run("for i in $(seq 120); do [ -e /sys/class/block/sda ] || [ -n \"$(ls /run/commons/stick-done)\" ] || break; sleep 1; done; ls /sys/class/block")
    if "sda" in gone:
        raise Failed("a stick that was taken out is still there: " + gone)
    if words not in said:
        raise Failed(f"no {words!r} in: {said}")
    told = subprocess.run(["mtype", "-i", path + "@@1M", "::commons/UPDATE-RESULT.txt"], capture_output=True, check=False).stdout.decode()
    if words not in told:
        raise Failed(f"no {words!r} in UPDATE-RESULT.txt: {told!r}")


def update(image, folder, good):
    if not SECRET:
        print("skipped - update: no UPDATE_KEY")
        return
    card = Card(image, folder, "update", 'name = "Block 7"\n')
    # The trial is shorter here; everything else is as it is.
    box = Machine(card, folder, "update")
    box.wait_up()
    box.login()
    box.run("mkdir -p /run/systemd/system/commons-trial.service.d && printf '[Service]\\nExecStart=\\nExecStart=/usr/lib/commons/commons-box trial 90\\n' >/run/systemd/system/commons-trial.service.d/short.conf && systemctl daemon-reload")
    box.burst(["before the update"])
    with tempfile.TemporaryDirectory() as made:
        # The card's own program under another number would say its old number: so a wrapper says the new one.
        works = b'#!/bin/sh\n[ "$1" != --version ] || { echo "commonsd 0.9.0"; exit 0; }\nexec /usr/lib/commonsd/factory/commonsd "$@"\n'
        falls = b'#!/bin/sh\n[ "$1" != --version ] || { echo "commonsd 0.9.1"; exit 0; }\nexit 1\n'
        good_files = sign(made, "commonsd-0.9.0-arm64", works, "commonsd 0.9.0 arm64 store=1")
        bad_files = sign(made, "commonsd-0.9.1-arm64", falls, "commonsd 0.9.1 arm64 store=1")
        forged = sign(made, "commonsd-0.9.9-arm64", works, "commonsd 0.9.9 arm64 store=1")
        with open(forged[0], "ab") as file:
            file.write(b"echo owned\n")

        plugged(box, stick(folder, "forged", forged), "nothing on the stick is newer")
        good("a program that was changed after it was signed is not taken")
        plugged(box, stick(folder, "works", good_files), "0.9.0 is being tried")
        wait(box, "works, and stays")
        if "before the update" not in box.needs():
            raise Failed("a post is gone after the update")
        good("a signed update from a stick is tried and stays: " + box.run("readlink /run/commons/commonsd").strip())
        plugged(box, stick(folder, "falls", bad_files), "0.9.1 is being tried")
        said = wait(box, "taken back")
        box.wait_up()
        if "before the update" not in box.needs():
            raise Failed("a post is gone after the rollback")
        status = box.run("commonsd status", check=False)
        if "was tried and taken back" not in status:
            raise Failed("status does not say what came of the update: " + status)
        good("one that falls over is taken back: " + said.strip())
    box.poweroff()
    result = card.get("commons-result.txt")
    if "taken back" not in result:
        raise Failed(result)
    good("commons-result.txt on the card says so")


def wait(box, words, seconds=400):
    said = box.run(f"for i in $(seq {seconds // 2}); do grep -q '{words}' /run/commons/update.txt && break; sleep 2; done; cat /run/commons/update.txt", seconds + 120)
    if words not in said:
        raise Failed(said + box.run("journalctl -u commons-trial -u commonsd --no-pager | tail -n 30", check=False))
    return said
