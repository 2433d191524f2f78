// A contact that only one phone can open: X25519 (RFC 7748) to the other's key, ChaCha20-Poly1305 (RFC 8439) over the text.
// Layout in PROTOCOL.md ("Sealed contact"); tests/golden/member-v1.txt holds it to the gateway's bytes.
//
// BigInt arithmetic takes time that depends on the numbers. Somebody would have to measure that on the phone itself.

import { hash } from './sign.js';
import { join, random, utf8 } from './bytes.js';

const P = 2n ** 255n - 19n;
const A24 = 121665n;
const NOTHING = new Uint8Array(32);

const toNumber = (bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const toBytes = (number, count) => Uint8Array.from({ length: count }, (_, at) => Number((number >> BigInt(8 * at)) & 255n));
const mod = (number) => ((number % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (let factor = base; exponent > 0n; exponent >>= 1n, factor = (factor * factor) % P) {
    if (exponent & 1n) result = (result * factor) % P;
  }
  return result;
}

// The Montgomery ladder.
export function x25519(secret, point) {
  const scalar = Uint8Array.from(secret);
  scalar[0] &= 248;
  scalar[31] = (scalar[31] & 127) | 64;
  const k = toNumber(scalar);
  const x1 = toNumber(point) & (2n ** 255n - 1n);
  let [x2, z2, x3, z3, swap] = [1n, 0n, x1, 1n, 0n];
  for (let bit = 254n; bit >= 0n; bit -= 1n) {
    const now = (k >> bit) & 1n;
    if (swap !== now) [x2, z2, x3, z3] = [x3, z3, x2, z2];
    swap = now;
    const [a, b, c, d] = [x2 + z2, x2 - z2, x3 + z3, x3 - z3];
    const [aa, bb, da, cb] = [mod(a * a), mod(b * b), mod(d * a), mod(c * b)];
    const e = aa - bb;
    x3 = mod((da + cb) ** 2n);
    z3 = mod(x1 * (da - cb) ** 2n);
    x2 = mod(aa * bb);
    z2 = mod(e * (aa + A24 * e));
  }
  if (swap) [x2, z2] = [x3, z3];
  return toBytes(mod(x2 * power(z2, P - 2n)), 32);
}

const BASE = Uint8Array.from([9, ...new Uint8Array(31)]);

const rotate = (value, by) => (value << by) | (value >>> (32 - by));

function quarter(s, a, b, c, d) {
  s[a] += s[b];
  s[d] = rotate(s[d] ^ s[a], 16);
  s[c] += s[d];
  s[b] = rotate(s[b] ^ s[c], 12);
  s[a] += s[b];
  s[d] = rotate(s[d] ^ s[a], 8);
  s[c] += s[d];
  s[b] = rotate(s[b] ^ s[c], 7);
}

function words(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(4 * at, true));
}

function block(key, counter, nonce) {
  const start = Uint32Array.from([
    0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...words(key), counter, ...words(nonce),
  ]);
  const s = Uint32Array.from(start);
  for (let round = 0; round < 10; round += 1) {
    quarter(s, 0, 4, 8, 12);
    quarter(s, 1, 5, 9, 13);
    quarter(s, 2, 6, 10, 14);
    quarter(s, 3, 7, 11, 15);
    quarter(s, 0, 5, 10, 15);
    quarter(s, 1, 6, 11, 12);
    quarter(s, 2, 7, 8, 13);
    quarter(s, 3, 4, 9, 14);
  }
  const out = new Uint8Array(64);
  const view = new DataView(out.buffer);
  s.forEach((word, at) => view.setUint32(4 * at, word + start[at], true));
  return out;
}

function chacha20(key, nonce, text) {
  const out = Uint8Array.from(text);
  for (let at = 0; at < out.length; at += 64) {
    const stream = block(key, 1 + at / 64, nonce);
    for (let i = at; i < Math.min(at + 64, out.length); i += 1) out[i] ^= stream[i - at];
  }
  return out;
}

function poly1305(key, message) {
  const q = 2n ** 130n - 5n;
  const r = toNumber(key.slice(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const piece = message.slice(at, at + 16);
    sum = ((sum + toNumber(piece) + (1n << BigInt(8 * piece.length))) * r) % q;
  }
  return toBytes((sum + toNumber(key.slice(16, 32))) & (2n ** 128n - 1n), 16);
}

function tag(key, nonce, aad, cipher) {
  const padded = (part) => join(part, new Uint8Array((16 - (part.length % 16)) % 16));
  const lengths = join(toBytes(BigInt(aad.length), 8), toBytes(BigInt(cipher.length), 8));
  return poly1305(block(key, 0, nonce), join(padded(aad), padded(cipher), lengths));
}

export function encrypt(key, nonce, text, aad = new Uint8Array(0)) {
  const cipher = chacha20(key, nonce, text);
  return join(cipher, tag(key, nonce, aad, cipher));
}

export function decrypt(key, nonce, sealed, aad = new Uint8Array(0)) {
  const cipher = sealed.slice(0, -16);
  const wanted = tag(key, nonce, aad, cipher);
  const found = sealed.slice(-16);
  let difference = found.length ^ 16;
  wanted.forEach((byte, at) => (difference |= byte ^ found[at]));
  return difference === 0 ? chacha20(key, nonce, cipher) : null;
}

// The secret half of a phone's sealing key, made of its seed; and its public half, which a claim names.
export const sealSecret = (seed) => hash('commons/1/contact-key', seed);
export const sealKey = (seed) => x25519(sealSecret(seed), BASE);

const sealing = (shared, once, to, item, claim) => hash('commons/1/contact', shared, once, to, item, claim);
const NONCE = new Uint8Array(12);

// Seals a contact to a sealing key, for one claim on one item; without these, to oneself, in one's own need.
export function seal(contact, to, item = NOTHING, claim = NOTHING, once = random(32)) {
  const shared = x25519(once, to);
  if (shared.every((byte) => byte === 0)) throw new Error('a key that everybody knows');
  const shown = x25519(once, BASE);
  // The key is used this one time, so the nonce may be zero.
  return join(shown, encrypt(sealing(shared, shown, to, item, claim), NONCE, utf8(contact)));
}

// Opens it; none if it is not for this seed, this item and this claim, or was tampered with.
export function unseal(sealed, seed, item = NOTHING, claim = NOTHING) {
  if (sealed.length < 48) return null;
  const shown = sealed.slice(0, 32);
  const secret = sealSecret(seed);
  const shared = x25519(secret, shown);
  if (shared.every((byte) => byte === 0)) return null;
  const text = decrypt(sealing(shared, shown, x25519(secret, BASE), item, claim), NONCE, sealed.slice(32));
  return text && new TextDecoder().decode(text);
}
