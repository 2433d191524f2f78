// What a phone with a key does beyond reading: signs forms, takes away the code word where the key stands for it, opens the
// contact that was locked for it, and hands its own on.

import { claimOf, compose, contactOf, handOn } from './compose.js';
import { element, say } from './words.js';
import { nameOf } from './key.js';
import { items } from './posts.js';
import { unhex } from './bytes.js';

// Milliseconds that the gateway's clock is ahead of the phone's: `created` should not be years off on a phone without a battery.
let ahead = 0;
// The state of the item whose page this is.
let item = null;

export const now = () => Math.floor((Date.now() + ahead) / 1_000);

async function json(path) {
  const answer = await fetch(path, { cache: 'no-cache' });
  return answer.ok ? answer.json() : null;
}

const stateOf = (address) => {
  const [, kind, id] = address.split('/');
  return json(`/api/v1/${kind}s/${id}`);
};

async function setClock() {
  const { clock, clock_certainty: certainty } = (await json('/api/v1/health')) ?? {};
  const theirs = Date.parse(clock);
  if (certainty && certainty !== 'unknown' && !Number.isNaN(theirs)) ahead = theirs - Date.now();
}

export function sign(me, { path, form, asks }) {
  const signed = compose({ path, form, asks, item, me, now: now() });
  return signed && { signed };
}

// The form of whoever posted the item, or of whoever answered it, needs no code word from the one with the key.
function dress(me) {
  const mine = item.author === me.key;
  const answered = Boolean(claimOf(item, me));
  for (const field of document.querySelectorAll('main form [name=code]')) {
    const isGivers = Boolean(field.form.querySelector('button[value=start]'));
    const known = isGivers ? answered : mine;
    field.required = !known;
    field.disabled = known;
    field.closest('.field').hidden = known;
    if (known) field.form.closest('details')?.setAttribute('open', '');
  }
}

function tell(id, ...children) {
  const known = document.getElementById(id);
  const box = element('div', { id, class: 'code-box', 'data-keep': '' }, ...children);
  if (known) known.replaceWith(box);
  else document.querySelector('main h1').after(box);
}

async function show(me) {
  const isItem = /^\/(need|offer|notice)\/\w+$/.test(location.pathname);
  item = isItem ? await stateOf(location.pathname) : null;
  if (!item) return;
  dress(me);
  const contact = contactOf(item, me);
  if (contact) {
    tell('contact-box', element('p', {}, say('script-contact')), element('p', { class: 'contact' }, element('bdi', { dir: 'auto' }, contact)));
  } else if (item.contact && item.claims.some((claim) => claim.author === me.key && claim.slot)) {
    tell('contact-box', element('p', {}, say('script-waiting')));
  }
  if (item.author === me.key && item.sealed) {
    const coming = item.claims.filter((claim) => claim.slot);
    if (coming.some((claim) => !claim.key)) tell('locked-box', element('p', {}, say('script-no-key')));
    else if (coming.length && coming.every((claim) => claim.sealed)) tell('locked-box', element('p', {}, say('script-handed-on')));
  }
}

// Hands the contact of this phone's own items on to those who come.
async function handAll(me, concerns) {
  const addresses = new Set(items().filter(concerns));
  if (item?.author === me.key) addresses.add(`/${item.kind}/${item.id}`);
  for (const address of addresses) {
    const state = item && address.endsWith(item.id) ? item : await stateOf(address);
    if (!state) continue;
    for (const signed of handOn(state, me, now())) {
      await fetch('/api/v1/post/assign', {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: unhex(signed),
      });
    }
  }
}

// After a page is shown, and after each change; `concerns` tells which addresses it is about.
export async function look(me, concerns) {
  if (concerns(location.pathname) || !item) await show(me);
  await handAll(me, concerns);
}

export async function begin(me) {
  for (const form of document.querySelectorAll('main form[method=post]')) {
    if (new URL(form.action).pathname.startsWith('/new/')) {
      form.prepend(element('p', { class: 'hint' }, say('script-signs', { name: nameOf(me.key) })));
    }
  }
  await setClock();
  await look(me, () => true);
}
