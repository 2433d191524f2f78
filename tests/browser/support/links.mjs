// Links between gateways that can be cut: each gateway calls the others through a door of this program's, which opens and closes.

import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after } from 'node:test';

import { Gateway } from '../harness.mjs';

/** A way through to another gateway. */
class Door {
  open = true;
  sockets = new Set();

  static async to(port) {
    const door = new Door();
    door.server = net.createServer((near) => {
      if (!door.open || !port()) return near.destroy();
      const far = net.connect(port(), '127.0.0.1');
      for (const [one, other] of [[near, far], [far, near]]) {
        door.sockets.add(one);
        one.on('error', () => {});
        one.on('close', () => { door.sockets.delete(one); other.destroy(); });
        one.pipe(other);
      }
    });
    await new Promise((done) => door.server.listen(0, '127.0.0.1', done));
    door.port = door.server.address().port;
    after(() => { door.cut(); door.server.close(); });
    return door;
  }

  cut() {
    this.open = false;
    for (const socket of this.sockets) socket.destroy();
  }

  heal() {
    this.open = true;
  }
}

/** Runs a command on a gateway, as its keeper does. */
export function command(gateway, ...words) {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('COMMONSD_')));
  return execFileSync(process.env.COMMONSD_BIN, [...words, '--data', gateway.data], { env: environment, encoding: 'utf8' });
}

/** Gateways of these names, each linked with each, running; and the doors between them, by pair of names ("Maple-Oak"). */
export async function linked(names) {
  const gateways = [];
  for (const name of names) {
    const gateway = await Gateway.make({ name });
    gateway.id = /^id +([0-9a-f]{64})$/m.exec(command(gateway, 'init', '--name', name))[1];
    gateways.push(gateway);
  }
  const doors = {};
  for (const [at, one] of gateways.entries()) {
    for (const other of gateways.slice(at + 1)) {
      const there = await Door.to(() => other.mqttPort);
      const back = await Door.to(() => one.mqttPort);
      (one.calls ??= []).push(`${other.id}@127.0.0.1:${there.port}`);
      (other.calls ??= []).push(`${one.id}@127.0.0.1:${back.port}`);
      doors[`${one.args[1]}-${other.args[1]}`] = {
        cut() { there.cut(); back.cut(); },
        heal() { there.heal(); back.heal(); },
      };
    }
  }
  for (const gateway of gateways) {
    const calls = gateway.calls.map((call) => `"${call}"`).join(', ');
    await writeFile(path.join(gateway.data, 'commonsd.toml'), `[gateway]\nname = "${gateway.args[1]}"\n[peers]\ncall = [${calls}]\nbeacon = []\n`);
    await gateway.start();
  }
  return { gateways, doors };
}
