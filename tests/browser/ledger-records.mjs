// What a phone signs for the ledger, against the gateway's own bytes: the same records, ids and signatures as in tests/golden, and
// nothing that was touched opens. Once under node, once in the browser with the files as the gateway serves them.

import { checkEverywhere, goldenLines } from './support/scripts.mjs';

const signed = await goldenLines('ledger-signed-v1.txt');
const book = await goldenLines('ledger-v1.txt');

// Runs wherever it is sent; returns what does not hold, and how much was looked at.
async function check({ urls, signed, book: golden }) {
  const [bytes, book, sign] = await Promise.all(['bytes', 'book', 'sign'].map((name) => import(urls[name])));
  const { hex, unhex } = bytes;
  const wrong = [];
  let checked = 0;
  const same = (what, found, expected) => {
    checked += 1;
    if (found !== expected) wrong.push(`${what}: ${found} is not ${expected}`);
  };
  const network = sign.networkId('test');
  same('network', hex(network), golden.find(([first]) => first === 'network')[1]);
  const keyOf = (seed) => golden.find(([first, number]) => first === 'member' && number === seed)[2];
  const home0 = golden.find(([first]) => first === 'gateway')[1];
  const idsOf = (kind) => golden.flatMap(([first, name], at) => (first === 'record' && name === kind ? [golden[at + 1][1]] : []));

  // As the gateway's own test says them, in its order.
  const [found, dee] = [idsOf('found')[0], idsOf('join')[0]];
  const of = (place) => hex(sign.hash('commons/1/founder', unhex(found), Uint8Array.of(place)));
  const [ann, bob, third] = [0, 1, 2].map(of);
  // Another gateway's id, which only the bytes tell.
  const home1 = golden.find(([first, kind]) => first === 'record' && kind === 'join')[2].slice(-70, -6);
  const [some, other] = ['ab'.repeat(32), 'cd'.repeat(32)];
  const key = keyOf('15');
  const facts = { household: 'h9', home: home1, guardians: [ann, bob, third], threshold: 2, custody: 'card' };
  const text = 'moved away';
  const said = [
    ['vouch', { member: dee }],
    ['enter', { first: some, second: other }],
    ['facts', { facts: { pseudonym: 'ann', ...facts } }],
    ['rekey', { key }],
    ['recover', { member: dee, base: dee, key, home: home1 }],
    ['veto', { recover: some }],
    ['resume', { grounds: { guardians: [some] } }],
    ['resume', { grounds: { decision: some, consents: [dee] } }],
    ['resume', { grounds: { branches: [some] } }],
    ['leave', {}],
    ['pay', { to: bob, unit: 1, amount: 1500, answers: some, item: dee, memo: 'rice' }],
    ['accept', { pay: some }],
    ['decline', { pay: some }],
    ['reclaim', { decline: some }],
    ['dispute', { pay: some, text: 'half of it was wet' }],
    ['decide', { action: { does: 'freeze', member: dee, epoch: 1 }, text }],
    ['decide', { action: { does: 'unfreeze', member: dee, base: some, key, home: home1, positions: [-40, 7] }, text }],
    ['decide', { action: { does: 'write_off', member: dee, pot: bob, unit: 0, amount: 60 }, text }],
    ['consent', { decision: some }],
  ];
  const mark = { created: 1_795_000_000, sender: 7, content: 7n };
  const seedOf = (number) => new Uint8Array(32).fill(parseInt(number, 16));
  const records = signed.flatMap((line, at) => (line[0] === 'signed' ? [[...line, signed[at + 1][1]]] : []));
  same('kinds', new Set(records.map(([, kind]) => kind)).size, 18);
  const join = { covenant: found, facts: { pseudonym: 'dee', household: 'h3', home: home1, custody: 'own' } };
  let [epoch, seq, prev, at] = [0, 1, ann, 0];
  for (const [, kind, seed, whole, id] of records) {
    if (kind !== 'found') {
      let body;
      if (kind === 'join') body = join;
      else if (kind === 'fork_proof') body = { first: Uint8Array.of(1, 2), second: Uint8Array.of(3) };
      else {
        const [name, rest] = said[at];
        same('order', name, kind);
        body = { link: { member: ann, epoch, seq, prev }, ...rest };
        [seq, prev, at] = [seq + 1, id, at + 1];
      }
      const made = book.encodeLedger(mark, kind, body);
      same(kind, hex(sign.sign(seedOf(seed), network, made)), whole);
      same(`id of ${kind}`, sign.recordId(network, sign.publicKey(seedOf(seed)), made), id);
      same(`${kind} opens`, hex(sign.open(network, unhex(whole))?.record ?? []), hex(made));
    }
    const raw = unhex(whole);
    for (let byte = 0; byte < raw.length; byte += Math.ceil(raw.length / 9)) {
      const touched = Uint8Array.from(raw);
      touched[byte] ^= 1;
      same(`${kind} touched at ${byte}`, sign.open(network, touched), null);
    }
    same(`${kind} in another network`, sign.open(sign.networkId('oak'), raw), null);
  }
  same('all of them', at, said.length);
  same('a gateway', home0.length, 64);
  for (const [kind, body] of [['pay', { ...said[10][1], amount: -1 }], ['pay', { ...said[10][1], amount: 2n ** 64n }], ['vouch', { member: 'ab' }]]) {
    let refused = false;
    try {
      book.encodeLedger(mark, kind, { link: { member: ann, epoch, seq, prev }, ...body });
    } catch {
      refused = true;
    }
    same(`${kind} that cannot be`, refused, true);
  }
  return { wrong, checked };
}

checkEverywhere(check, { signed, book });
