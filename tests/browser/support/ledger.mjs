// A community for the tests: founded and written by node with the page's own script, as any other program would.

import { after } from 'node:test';

import { assert, phone } from '../harness.mjs';
import { copyScripts } from './copy.mjs';

const { urls, remove } = await copyScripts();
after(remove);

/** The page's modules that need no page, by name. */
export const { bytes, record, book, sign } = Object.fromEntries(
  await Promise.all(['bytes', 'record', 'book', 'sign'].map(async (name) => [name, await import(urls[name])])),
);
const { hex, join, unhex, random } = bytes;

const NETWORK = 'commons';
let made = 0;

/** A member as node keeps him: seed, key, and where his chain ends. */
export class Member {
  constructor(name, household, custody = 'own') {
    made += 1;
    Object.assign(this, { name, household, custody, seed: new Uint8Array(32).fill(made), seq: 0 });
    crypto.getRandomValues(this.seed);
    this.key = hex(sign.publicKey(this.seed));
  }

  /** Signs a record, and hands it in nowhere. */
  write(kind, body) {
    const [a, b, c, d, ...rest] = random(12);
    const content = rest.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const mark = { created: Math.floor(Date.now() / 1_000), sender: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, content };
    return sign.sign(this.seed, sign.networkId(NETWORK), book.encodeLedger(mark, kind, body));
  }

  /** Signs a record and hands it in; the receipt, whatever it says. */
  hand(gateway, kind, body) {
    return deliver(gateway, kind, this.write(kind, body));
  }

  /** Says something next in his chain, by what the gateway says of its end. */
  async say(gateway, kind, body) {
    const card = await gateway.json(`/api/v1/ledger/members/${this.id}`);
    const link = { member: this.id, epoch: card.epoch, seq: card.seq + 1, prev: card.head };
    const receipt = await this.hand(gateway, kind, { link, ...body });
    assert.ok(receipt.ok, `${kind}: ${JSON.stringify(receipt)}`);
    return receipt.id;
  }
}

/** Hands in what was signed; the receipt. */
export async function deliver(gateway, kind, signed) {
  const headers = { 'content-type': 'application/octet-stream' };
  return (await fetch(`${gateway.url}/api/v1/post/${kind}`, { method: 'POST', headers, body: signed })).json();
}

/** The gateway's id. */
export const idOf = async (gateway) => (await gateway.json('/api/v1/info')).id;

/** Founds a community of these members, each at the gateway beside him. Returns the covenant's id. */
export async function found(members, { roaming = 25, quorum = 2, delay_s = 0, limit = 600 } = {}) {
  const { text, list, varint, byte, id, wrap } = record;
  const unit = ([name, scale, most]) => join(text(name), varint(scale), varint(most));
  const homes = await Promise.all(members.map(([, gateway]) => idOf(gateway)));
  const founder = ([member], at) =>
    join(id(member.key), text(member.name), text(member.household), id(homes[at]), list([], id), byte(0), varint(0));
  const body = join(
    text('Maple Street'), list([['hour', 60, limit], ['kg-rice', 1_000, 5_000]], unit), byte(roaming), byte(quorum), varint(delay_s),
    join(varint(members.length), ...members.map(founder)),
  );
  const [first, gateway] = members[0];
  const raw = wrap({ created: 1_795_000_000, sender: 1, content: 1n }, 17, body);
  const receipt = await deliver(gateway, 'found', sign.sign(first.seed, sign.networkId(NETWORK), raw));
  assert.ok(receipt.ok, JSON.stringify(receipt));
  members.forEach(([member], at) => {
    member.id = hex(sign.hash('commons/1/founder', unhex(receipt.id), Uint8Array.of(at)));
    member.covenant = receipt.id;
  });
  return receipt.id;
}

/** A phone that has this member's key, written down. */
export async function phoneOf(member, gateway, options) {
  const page = await phone(gateway, options);
  const kept = JSON.stringify({ seed: hex(member.seed), key: member.key, backed: true });
  await page.addInitScript((value) => {
    if (!localStorage.getItem('commons-key')) localStorage.setItem('commons-key', value);
  }, kept);
  return page;
}

/** Waits until a phone with a key is signed in and its script ready to sign: until then a form goes as it is, and comes back. */
export async function ready(page) {
  await page.locator('main:not(:has([data-credit=key]))').waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll('main [data-off]')].every((one) => one.hidden));
}
