// The script's bytes against the gateway's: records, signatures, ids and sealed contacts of tests/golden, and the published
// vectors of what they are made of. Once under node, once in the browser with the files as the gateway serves them.

import { checkEverywhere, goldenLines } from './support/scripts.mjs';

const golden = await goldenLines('member-v1.txt');

// Runs wherever it is sent; returns what does not hold, and how much was looked at.
async function check({ urls, golden }) {
  const [bytes, record, seal, sign, digits] = await Promise.all(
    ['bytes', 'record', 'seal', 'sign', 'digits'].map((name) => import(urls[name])),
  );
  const { hex, unhex, utf8 } = bytes;
  const wrong = [];
  let checked = 0;
  const same = (what, found, expected) => {
    checked += 1;
    if (found !== expected) wrong.push(`${what}: ${found} is not ${expected}`);
  };
  const line = (name) => golden.find(([first]) => first === name)[1];

  const [item, claim] = ['ab'.repeat(32), 'cd'.repeat(32)];
  const ask = {
    category: 'health', text: 'insulin', lines: [{ item: 'insulin', unit: 'pen', milli: 2_000 }], urgency: 'now', slots: 2,
    zone: 'stairwell B', window: { from: 1_795_000_000, until: 1_795_003_600 }, tags: ['stairs'], lang: 'en',
    expires_s: 259_200, ref: 'r1',
  };
  const said = {
    need: ask,
    offer: { ...ask, standing: true, urgency: 'week' },
    claim: { item, message: "I'll bring it", zone: 'door 4' },
    assign: { item, claim, slot: 1, epoch: 2, contact: Uint8Array.of(1, 2, 3) },
    start: { item, claim, epoch: 1 },
    done: { item, claim, epoch: 1 },
    confirm: { item, epoch: 1 },
    no_show: { item, claim, epoch: 1 },
    withdraw: { item, claim, epoch: 1 },
    reopen: { item, epoch: 3 },
    notice: {
      status: 'exercise', message: 'update', references: [item], category: 'water', urgency: 'today', severity: 'moderate',
      certainty: 'observed', zone: 'north', info: [{ lang: 'en', text: 'boil water' }], expires_s: 86_400,
    },
    cosign: { target: item },
  };
  const network = sign.networkId('test');
  const seed = new Uint8Array(32).fill(2);
  const key = sign.publicKey(seed);
  same('network', hex(network), line('network'));
  same('member', hex(key), line('member'));
  const mark = { created: 1_795_000_000, sender: 0x01020304, content: 0x05060708090a0b0cn };
  for (const [at, [name, kind, signed]] of golden.entries()) {
    if (name !== 'signed') continue;
    const made = record.encode({ kind, ...mark, ...said[kind] });
    same(kind, hex(sign.sign(seed, network, made)), signed);
    same(`id of ${kind}`, sign.recordId(network, key, made), golden[at + 1][1]);
    // Signed by the core, verified here; touched anywhere, refused.
    const whole = unhex(signed);
    same(`${kind} opens`, hex(sign.open(network, whole)?.record ?? []), hex(made));
    for (let byte = 2; byte < whole.length; byte += Math.ceil(whole.length / 12)) {
      const touched = Uint8Array.from(whole);
      touched[byte] ^= 1;
      same(`${kind} touched at ${byte}`, sign.open(network, touched), null);
    }
    same(`${kind} in another network`, sign.open(sign.networkId('oak'), whole), null);
  }

  // RFC 7748, 5.2 and 6.1
  const x = (secret, point) => hex(seal.x25519(unhex(secret), unhex(point)));
  same(
    'X25519',
    x('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4', 'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c'),
    'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
  );
  same(
    'X25519, the top bit of a point does not count',
    x('4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d', 'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493'),
    '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
  );
  const alice = '77076d0a7318a57d3c16c17251b26645df4b1f0d5f0e9b7f7c2b4c2f9d5c0f2a';
  const bob = '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb';
  const base = '09'.padEnd(64, '0');
  same('both sides agree', x(alice, x(bob, base)), x(bob, x(alice, base)));
  same("Bob's public key", x(bob, base), 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
  // RFC 8439, 2.8.2
  const sealed = seal.encrypt(
    unhex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'),
    unhex('070000004041424344454647'),
    utf8("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."),
    unhex('50515253c0c1c2c3c4c5c6c7'),
  );
  same(
    'ChaCha20-Poly1305',
    hex(sealed),
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36'
      + '92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116'
      + '1ae10b594f09e26a7e902ecbd0600691',
  );

  // Contacts: the core's opens here, ours is the core's.
  const [raw, claimed] = [unhex(item), unhex(claim)];
  same('sealing key', hex(seal.sealKey(seed)), line('sealing-key'));
  same('sealed', hex(seal.seal('ring at 4, Ana', seal.sealKey(seed), raw, claimed, new Uint8Array(32).fill(3))), line('sealed'));
  const contact = unhex(line('sealed'));
  same('opened', seal.unseal(contact, seed, raw, claimed), 'ring at 4, Ana');
  same('opened by another', seal.unseal(contact, new Uint8Array(32).fill(4), raw, claimed), null);
  same('opened for another claim', seal.unseal(contact, seed, raw, raw), null);
  for (let byte = 0; byte < contact.length; byte += 5) {
    const touched = Uint8Array.from(contact);
    touched[byte] ^= 1;
    same(`sealed, touched at ${byte}`, seal.unseal(touched, seed, raw, claimed), null);
  }

  // Digits: back again, and every single slip is found in its own group.
  const groups = digits.toDigits(seed);
  same('seed', hex(digits.fromDigits(groups.join('')).seed), hex(seed));
  for (let at = 0; at < groups.join('').length; at += 1) {
    const slip = [...groups.join('')];
    slip[at] = String((Number(slip[at]) + 1 + (at % 9)) % 10);
    same(`slip at ${at}`, digits.fromDigits(slip.join('')).wrong, Math.floor(at / 6) + 1);
  }
  const swapped = [...digits.toDigits(Uint8Array.from({ length: 32 }, (_, at) => at * 7))];
  [swapped[2], swapped[3]] = [swapped[3], swapped[2]];
  same('two groups swapped', digits.fromDigits(swapped.join('')).wrong, 3);
  return { wrong, checked };
}

checkEverywhere(check, { golden });
