// The phone's own key, as it lies in this browser: a seed of 32 bytes. It signs only after its owner has shown that it is
// written down, for browsers forget.

import { hex, unhex } from './bytes.js';

const PLACE = 'commons-key';

function read() {
  try {
    return JSON.parse(localStorage.getItem(PLACE));
  } catch {
    // No storage, as in some captive windows, or nonsense in it: no key.
    return null;
  }
}

// The key in use: seed, public key in hex; none if there is none.
export function load() {
  const kept = read();
  return kept?.backed ? { seed: unhex(kept.seed), key: kept.key } : null;
}

// One that was made and is not written down yet.
export function pending() {
  const kept = read();
  return kept && !kept.backed ? { seed: unhex(kept.seed), key: kept.key } : null;
}

// Throws where the browser keeps nothing.
export function keep(seed, key, backed) {
  localStorage.setItem(PLACE, JSON.stringify({ seed: hex(seed), key, backed }));
}

export function forget() {
  localStorage.removeItem(PLACE);
}

// How others may call it: enough to tell neighbours apart.
export const nameOf = (key) => `${key.slice(0, 4)} ${key.slice(4, 8)}`;

// What whoever keeps the gateway runs there to let this phone open the keeper's page.
export const commandFor = (key) => `commonsd keeper key add ${key}`;
