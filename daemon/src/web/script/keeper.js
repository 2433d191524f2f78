// The keeper's page: in by one tap, where this phone has a key. Without script, or without a key, the password's form is there.

import { commandFor } from './key.js';
import { networkId, signAsKeeper } from './sign.js';
import { hex, unhex } from './bytes.js';

// Undefined where all is well; else what is to be said.
async function enter(me) {
  const asked = await (await fetch('/keeper/challenge', { cache: 'no-store' })).json();
  // Of this page's own network only: what is signed here is worth nothing in another.
  const network = networkId(document.body.dataset.network);
  const signature = signAsKeeper(me.seed, network, unhex(asked.gateway), unhex(asked.challenge));
  const answer = await fetch('/keeper/key', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ v: 1, key: me.key, challenge: asked.challenge, signature: hex(signature) }),
  });
  if (answer.ok) return undefined;
  return { 403: 'unknown', 429: 'wait' }[answer.status] ?? 'away';
}

export function begin(me) {
  const part = document.querySelector('main [data-keeper]');
  if (!part || !me) return;
  const button = part.querySelector('button');
  part.querySelector('[data-command]').textContent = commandFor(me.key);
  part.hidden = false;
  button.addEventListener('click', async () => {
    button.disabled = true;
    const no = await enter(me).catch(() => 'away');
    // With what the address says of the language.
    if (!no) return location.replace('/keeper' + location.search);
    for (const one of part.querySelectorAll('[data-no]')) one.hidden = one.dataset.no !== no;
    button.disabled = false;
    button.focus();
  });
}
