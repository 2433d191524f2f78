export { getPublicKey, sign, verify, hashes } from '@noble/ed25519';
export { sha512, sha512_256 } from '@noble/hashes/sha2.js';
