// Records as bytes: postcard, as in PROTOCOL.md ("Record"). The order of fields is the format; the golden vectors in
// tests/golden hold this file and the gateway's codec to the same bytes.

import { join, unhex, utf8 } from './bytes.js';

const KINDS = [
  'need', 'offer', 'claim', 'assign', 'start', 'done', 'confirm', 'no_show', 'withdraw', 'reopen', 'notice', 'cosign',
];
const CATEGORIES = [
  'other', 'food', 'water', 'health', 'shelter', 'power', 'heat', 'transport', 'tools', 'childcare', 'care', 'clothing',
  'hygiene', 'language', 'animals', 'company',
];
const URGENCIES = ['now', 'today', 'week', 'whenever'];
const ASSIGNERS = ['home_gateway', 'requester', 'steward'];
const STATUSES = ['actual', 'exercise', 'test'];
const MESSAGES = ['alert', 'update', 'cancel'];
const SEVERITIES = ['unknown', 'minor', 'moderate', 'severe', 'extreme'];
const CERTAINTIES = ['unknown', 'unlikely', 'possible', 'likely', 'observed'];

const DAY_S = 86_400;
// How long an item stands unless somebody says otherwise, by urgency.
export const LIFETIME_S = { now: 3 * DAY_S, today: 7 * DAY_S, week: 21 * DAY_S, whenever: 60 * DAY_S };

// 7 bits a byte, low bits first.
export function varint(value) {
  let rest = BigInt(value);
  if (rest < 0n || rest >= 1n << 64n) throw new RangeError('not a u64');
  const bytes = [];
  do {
    const more = rest > 127n;
    bytes.push(Number(rest & 127n) | (more ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

export const byte = (value) => Uint8Array.of(value);
export const bytes = (value) => join(varint(value.length), value);
export const text = (value = '') => bytes(utf8(value));
export const list = (values = [], write) => join(varint(values.length), ...values.map(write));
export const option = (value, write) => (value === undefined || value === null ? byte(0) : join(byte(1), write(value)));
const flag = (value) => byte(value ? 1 : 0);

function place(value, all) {
  const number = all.indexOf(value);
  if (number < 0) throw new RangeError(`${value} is none of ${all}`);
  return number;
}

export const word = (value, all) => varint(place(value, all));

export function id(value) {
  const raw = typeof value === 'string' ? unhex(value) : value;
  if (raw.length !== 32) throw new RangeError('an id has 32 bytes');
  return raw;
}

const line = ({ item, unit, milli }) => join(text(item), text(unit), varint(milli));
const window = ({ from, until }) => join(varint(from), varint(until));
const info = ({ lang, text: words }) => join(text(lang), text(words));

const ask = (it) =>
  join(
    word(it.category ?? 'other', CATEGORIES),
    text(it.text),
    list(it.lines, line),
    word(it.urgency, URGENCIES),
    byte(it.slots),
    flag(it.standing),
    text(it.zone),
    option(it.window, window),
    list(it.tags, text),
    text(it.lang),
    option(it.contact, bytes),
    word(it.assign_by ?? 'home_gateway', ASSIGNERS),
    text(it.repeat),
    varint(it.expires_s ?? LIFETIME_S[it.urgency]),
    text(it.ref),
  );

const claim = (it) =>
  join(id(it.item), text(it.message), text(it.zone), list(it.tags, text), option(it.key, id), text(it.ref));

const assign = (it) =>
  join(id(it.item), id(it.claim), byte(it.slot), varint(it.epoch), option(it.contact, bytes));

const onClaim = (it) => join(id(it.item), id(it.claim), varint(it.epoch));
const onItem = (it) => join(id(it.item), varint(it.epoch));
const withdraw = (it) => join(id(it.item), option(it.claim, id), varint(it.epoch));

const notice = (it) =>
  join(
    word(it.status ?? 'actual', STATUSES),
    word(it.message ?? 'alert', MESSAGES),
    list(it.references, id),
    word(it.category ?? 'other', CATEGORIES),
    word(it.urgency, URGENCIES),
    word(it.severity ?? 'unknown', SEVERITIES),
    word(it.certainty ?? 'unknown', CERTAINTIES),
    text(it.zone),
    list(it.info, info),
    varint(it.expires_s ?? LIFETIME_S[it.urgency]),
    text(it.ref),
  );

const BODIES = {
  need: ask, offer: ask, claim, assign, start: onClaim, done: onClaim, confirm: onItem, no_show: onClaim, withdraw,
  reopen: onItem, notice, cosign: (it) => id(it.target),
};

// A record's bytes around its body's. `created` in unix seconds; `sender` (32 bits) and `content` (64, a BigInt) are drawn at
// random by members.
export const wrap = ({ created, sender, content }, number, body) =>
  join(byte(1), varint(created), varint(sender), varint(content), varint(number), body);

// A record of the board as bytes; those of the ledger are in `book.js`.
export const encode = ({ kind, created, sender, content, ...body }) =>
  wrap({ created, sender, content }, place(kind, KINDS), BODIES[kind](body));
