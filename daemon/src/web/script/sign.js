// Hashes and signatures bound to a purpose and a network, as in PROTOCOL.md ("Hashes, ids, signatures"). Loaded only by phones
// that have a key.

import { getPublicKey, hashes, sha512, sha512_256, sign as signBytes, verify } from './vendor/noble.js';
import { hex, join, utf8 } from './bytes.js';

hashes.sha512 = sha512;

const HEAD_BYTES = 98;

export const hash = (purpose, ...parts) => sha512_256(join(utf8(purpose), Uint8Array.of(0), ...parts));

export const networkId = (name) => hash('commons/1/network', utf8(name));

export const publicKey = (seed) => getPublicKey(seed);

// A signature over a digest that was made here, by a seed.
export { signBytes };

const digest = (network, key, record) => hash('commons/1/member-signature', network, key, record);

// The id of a member's record.
export const recordId = (network, key, record) => hex(hash('commons/1/record', network, Uint8Array.of(2), key, record));

// A signed submission: FE, 1, key, signature, record.
export function sign(seed, network, record) {
  const key = getPublicKey(seed);
  return join(Uint8Array.of(0xfe, 1), key, signBytes(digest(network, key, record), seed), record);
}

// The answer to a gateway's question, as its keeper ("The keeper's key").
export function signAsKeeper(seed, network, gateway, question) {
  return signBytes(hash('commons/1/keeper', network, gateway, getPublicKey(seed), question), seed);
}

// The author's key and the record of a signed submission; none if the signature does not hold in this network.
export function open(network, signed) {
  if (signed.length <= HEAD_BYTES || signed[0] !== 0xfe || signed[1] !== 1) return null;
  const key = signed.slice(2, 34);
  const record = signed.slice(HEAD_BYTES);
  try {
    // Strict as in RFC 8032, like the gateway: no small-order keys, no second form of a signature.
    const holds = verify(signed.slice(34, HEAD_BYTES), digest(network, key, record), key, { zip215: false });
    return holds ? { key, record } : null;
  } catch {
    return null;
  }
}
