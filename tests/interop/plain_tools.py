"""What a newcomer has at hand: mosquitto_pub, mosquitto_sub, curl, and a browser without script (lynx).

Also runs the MQTT.js script beside it when NODE_PATH names its packages. Ends with a line "N passed, N failed".
"""

import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from gateway import Checks, Gateway, PATIENCE_S, wait_for  # noqa: E402


def run(*command, code=0, input=None):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, input=input)
    assert code is None or done.returncode == code, f"{command[0]}: {done.returncode} {done.stdout} {done.stderr}"
    return done.stdout + done.stderr if code is None else done.stdout


def the_printed_line(gateway):
    """The line the gateway prints for pasting works as it is."""
    line = re.search(r"Post from here:\s+(.*)", gateway.printed)[1]
    run("sh", "-c", line)
    assert "insulin, stairwell B" in gateway.texts()
    out = run("mosquitto_sub", "-p", str(gateway.mqtt), "-t", "commons/board/need/+", "-C", "1", "-W", "10")
    assert json.loads(out)["text"] == "insulin, stairwell B"


def every_option(gateway):
    port = str(gateway.mqtt)
    for version in ("mqttv311", "mqttv5"):
        for qos in "012":
            text = f"mosquitto_pub {version} {qos}"
            run("mosquitto_pub", "-p", port, "-V", version, "-q", qos, "-t", "commons/post/offer", "-m", text)
            wait_for(text, lambda: text in gateway.texts("offers"))
        out = run("mosquitto_sub", "-p", port, "-V", version, "-t", "commons/board/#", "-t", "commons/gateway/state",
                  "-v", "-C", "5", "-W", "10")
        assert "commons/board/summary" in out or "commons/board/" in out, out
    run("mosquitto_pub", "-p", port, "-l", "-q", "1", "-t", "commons/post/need", input="line one\nline two\n")
    assert {"line one", "line two"} <= set(gateway.texts())


def refusals(gateway):
    port = str(gateway.mqtt)
    said = run("mosquitto_pub", "-p", port, "-V", "mqttv5", "-q", "1", "-t", "commons/post/need",
               "-m", '{"text":"x","urgncy":"now"}', code=None)
    assert re.search("fail|invalid|error", said, re.I), said
    said = run("mosquitto_sub", "-p", port, "-V", "mqttv311", "-t", "somewhere/else", "-W", "1", code=None)
    assert re.search("denied|refused|rejected", said, re.I), said


def retained_local(gateway):
    port, topic = str(gateway.mqtt), "commons/local/door"
    run("mosquitto_pub", "-p", port, "-r", "-q", "1", "-t", topic, "-m", "closed")
    out = run("mosquitto_sub", "-p", port, "-t", topic, "-C", "1", "-W", "5", "-v")
    assert out.strip() == f"{topic} closed"
    run("mosquitto_pub", "-p", port, "-r", "-n", "-q", "1", "-t", topic)
    said = run("mosquitto_sub", "-p", port, "-t", topic, "-C", "1", "-W", "1", code=None)
    assert "closed" not in said


def request_and_answer(gateway):
    """mosquitto_rr: post and take the receipt, in one line."""
    out = run("mosquitto_rr", "-p", str(gateway.mqtt), "-i", "rr", "-q", "1", "-t", "commons/post/need",
              "-e", "commons/receipt/rr", "-m", "a ladder", "-W", "10")
    receipt = json.loads(out)
    assert receipt["ok"] and receipt["code"], receipt


def curl(gateway):
    base = f"http://127.0.0.1:{gateway.http}"
    out = run("curl", "-sS", "-f", "-d", '{"v":1,"text":"by curl","urgency":"week","ref":"c"}', f"{base}/api/v1/needs")
    receipt = json.loads(out)
    assert receipt["ok"] and receipt["ref"] == "c"
    item = json.loads(run("curl", "-sS", "-f", f"{base}/api/v1/needs/{receipt['id']}"))
    for field in ("id", "kind", "text", "status", "urgency", "created", "gateway", "ref"):
        assert field in item, field
    needs = json.loads(run("curl", "-sS", "-f", f"{base}/api/v1/needs?limit=2&status=open"))
    assert len(needs) == 2 and all(need["status"] == "open" for need in needs)
    code = run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-d", '{"txt":"x"}', f"{base}/api/v1/needs")
    assert code == "422", code
    out = run("curl", "-sS", "-f", "-H", "Content-Type: text/plain", "-d", "plain words", f"{base}/api/v1/needs")
    assert json.loads(out)["ok"]
    assert run("curl", "-sS", "-f", f"{base}/healthz") == "ok\n"
    watch = subprocess.Popen(["curl", "-sSN", f"{base}/api/v1/watch"], stdout=subprocess.PIPE, text=True)
    try:
        wait_for("the watchers' line", lambda: gateway.metric("http_requests_total"))
        def heard():
            run("curl", "-sS", "-f", "-d", json.dumps({"text": os.urandom(4).hex(), "urgency": "week"}), f"{base}/api/v1/needs")
            return select_line(watch.stdout)
        assert wait_for("an event", heard)
    finally:
        watch.kill()


def select_line(stream):
    import select
    while select.select([stream], [], [], 0.2)[0]:
        line = stream.readline()
        if line.startswith("data:"):
            return line
    return None


def lynx(gateway):
    """Board, form, post, code word, withdrawal: a text browser, no script."""
    base = f"http://127.0.0.1:{gateway.http}"
    dump = lambda url: run("lynx", "-dump", "-nolist", "-width=300", url)  # noqa: E731
    assert "by curl" in dump(base)
    form = run("curl", "-sS", f"{base}/new/need")
    token = re.search(r'name="token" value="([0-9a-f]+)"', form)[1]
    kept = subprocess.run(
        ["lynx", "-dump", "-nolist", "-width=300", "-post_data", f"{base}/new/need"], text=True, capture_output=True,
        timeout=60, input=f"text=by+lynx&zone=C&urgency=week&token={token}\n---\n")
    assert "code word" in kept.stdout.lower(), kept.stdout + kept.stderr
    assert "by lynx" in dump(base)
    code = re.search(r"Your code word\s+([a-z]+ [a-z]+ [a-z]+)", kept.stdout)[1]
    gone = subprocess.run(
        ["lynx", "-dump", "-nolist", "-width=300", "-post_data", f"{base}/code"], text=True, capture_output=True,
        timeout=60, input=f"act=withdraw&code={code.replace(' ', '+')}\n---\n")
    assert "taken back" in gone.stdout.lower(), gone.stdout
    assert "by lynx" not in dump(base)
    assert "404" in run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"{base}/need/{'0' * 64}")


def mqttjs(gateway):
    here = pathlib.Path(__file__).resolve().parent
    done = subprocess.run(["node", str(here / "mqttjs_clients.js"), str(gateway.mqtt), str(gateway.http)],
                          text=True, capture_output=True, timeout=300)
    bad = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert done.returncode == 0, "\n".join(bad) + done.stderr
    return done.stdout.splitlines()[-1]


def main():
    gateway, checks = Gateway(), Checks()
    for check in (the_printed_line, every_option, refusals, retained_local, request_and_answer, curl, lynx):
        checks.run(f"plain tools: {check.__name__}", check, gateway)
    if "--without-node" not in sys.argv:
        checks.run("MQTT.js 4 and 5", mqttjs, gateway)
    checks.run("the gateway is unhurt", gateway.unhurt)
    gateway.end()
    checks.end()


main()
