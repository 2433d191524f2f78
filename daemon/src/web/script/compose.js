// From what was typed into a form to a signed record: the same fields, defaults and meanings as the gateway gives to the form
// itself. What the gateway would refuse is not composed; it goes as it was typed, and comes back with the reason beside it.

import { encode } from './record.js';
import { hex, random, unhex } from './bytes.js';
import { networkId, sign } from './sign.js';
import { seal, sealKey, unseal } from './seal.js';

const LINES_SHOWN = 3;
const URGENCY_USUAL = { need: 'today', offer: 'week', notice: 'week' };

// Digits as phones in Arabic, Persian and Urdu type them, and the comma that is a decimal point to half of the world.
const plain = (text) =>
  text
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 15))
    .replace(/[\u066b,]/, '.');

const network = () => networkId(document.body.dataset.network);

// What and how much; null if it is not to be read.
function lines(form) {
  const found = [];
  for (let row = 0; row < LINES_SHOWN; row += 1) {
    const [item, unit, qty] = ['item', 'unit', 'qty'].map((name) => (form.get(name + row) ?? '').trim());
    if (!item && !unit && !qty) continue;
    const amount = qty ? Number(plain(qty)) : 1;
    if (!item || !(amount > 0) || amount > 1_000_000) return null;
    found.push({ item, unit, milli: Math.floor(amount * 1_000 + 0.5) });
  }
  return found;
}

function newItem(kind, form, me) {
  const field = (name) => (form.get(name) ?? '').trim().replace(/\r\n/g, '\n');
  const text = field('text');
  if (!text) return null;
  const urgency = field('urgency') || URGENCY_USUAL[kind];
  const common = { kind, category: field('category') || 'other', urgency, zone: field('zone') };
  if (kind === 'notice') {
    return {
      ...common,
      status: field('exercise') === 'yes' ? 'exercise' : 'actual',
      severity: field('severity') || 'unknown',
      certainty: field('certainty') || 'unknown',
      info: [{ lang: '', text }],
    };
  }
  const found = lines(form);
  if (!found) return null;
  const contact = field('contact');
  return {
    ...common,
    text,
    lines: found,
    slots: urgency === 'now' ? 2 : 1,
    standing: kind === 'offer' && field('standing') === 'yes',
    // Locked to this phone first; handed on to whoever comes, see `handOn`.
    contact: contact ? seal(contact, sealKey(me.seed)) : undefined,
  };
}

const LIVE = ['assigned', 'underway', 'standby'];
export const claimOf = (item, me) => item.claims.find((claim) => claim.author === me.key && LIVE.includes(claim.status));

// An act on an item, if this key has the right to it. `asks`: the form is the one of whoever posted it.
function act(name, asks, form, item, me) {
  const id = item.id;
  const claim = form.get('claim') || undefined;
  if (name === 'claim') {
    // What does not run out has no slot to be given; a guest's contact then comes with the receipt, which only guests get.
    if (item.standing && !item.author) return null;
    return { kind: 'claim', item: id, message: (form.get('message') ?? '').trim().replace(/\r\n/g, '\n'), key: sealKey(me.seed) };
  }
  if (name === 'cosign') return { kind: 'cosign', target: id };
  if (!asks) {
    const mine = claimOf(item, me);
    if (!mine) return null;
    return { kind: name, item: id, claim: mine.id, epoch: item.epochs.item };
  }
  if (item.author !== me.key) return null;
  if (item.kind === 'notice') {
    if (name !== 'withdraw') return null;
    const { category, text } = item;
    return { kind: 'notice', message: 'cancel', references: [id], category, urgency: 'week', info: [{ lang: '', text }] };
  }
  if (name === 'confirm' || name === 'withdraw') return { kind: name, item: id, epoch: item.epochs.item };
  if (name === 'reopen') return { kind: name, item: id, epoch: item.epochs.reopen };
  if (name === 'no_show' && claim) return { kind: name, item: id, claim, epoch: item.epochs.item };
  if (name === 'assign' && claim && item.epochs.free.length) {
    const [slot, epoch] = item.epochs.free[0];
    const chosen = item.claims.find((one) => one.id === claim);
    return { kind: name, item: id, claim, slot, epoch, contact: chosen && sealedFor(item, chosen, me) };
  }
  return null;
}

// The item's contact, which lies in it locked to this phone, locked anew for a claim.
function sealedFor(item, claim, me) {
  const contact = item.sealed && unseal(unhex(item.sealed), me.seed);
  if (!contact || !claim.key) return undefined;
  return seal(contact, unhex(claim.key), unhex(item.id), unhex(claim.id));
}

function signed(body, me, now) {
  const [a, b, c, d, ...rest] = random(12);
  const sender = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const content = rest.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return hex(sign(me.seed, network(), encode({ created: now, sender, content, ...body })));
}

// A form's post as a signed submission in hex digits; null if this key cannot sign it.
// `path` is where the form goes, `item` the state of the item that it is about.
export function compose({ path, form, asks, item, me, now }) {
  const [, first, second] = path.split('/');
  const body = first === 'new' ? newItem(second, form, me) : item && act(form.get('act'), asks, form, item, me);
  return body ? signed(body, me, now) : null;
}

// For one's own item: the contact handed on to every helper who holds a slot and has not been given it, as signed assignments.
export function handOn(item, me, now) {
  if (item.author !== me.key || !item.sealed) return [];
  return item.claims
    .filter((claim) => claim.slot && claim.key && !claim.sealed)
    .map((claim) => {
      const [slot, epoch] = claim.slot;
      const contact = sealedFor(item, claim, me);
      return contact && signed({ kind: 'assign', item: item.id, claim: claim.id, slot, epoch, contact }, me, now);
    })
    .filter(Boolean);
}

// The contact that was handed to this phone's claim; null if there is none yet.
export function contactOf(item, me) {
  const claim = item.claims.find((one) => one.author === me.key && one.sealed);
  return claim ? unseal(unhex(claim.sealed), me.seed, unhex(item.id), unhex(claim.id)) : null;
}
