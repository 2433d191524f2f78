// What a phone signs for the ledger, as bytes: kinds 17 to 34 of PROTOCOL.md ("Members and the ledger"), founding aside, which
// is the command line's, and stamps and checkpoints, which only gateways say. Golden vectors in tests/golden hold this file
// and the gateway's codec to the same bytes.

import { byte, bytes, id, list, option, text, varint, word, wrap } from './record.js';
import { join } from './bytes.js';

const CUSTODIES = ['own', 'card', 'hosted', 'pot'];

const link = (it) => join(id(it.member), varint(it.epoch), varint(it.seq), id(it.prev));
const ids = (values) => list(values, id);

// Signed numbers: 0, -1, 1, -2, 2 ...
const zigzag = (value) => {
  const whole = BigInt(value);
  return varint(whole < 0n ? -2n * whole - 1n : 2n * whole);
};

const facts = (it) =>
  join(
    text(it.pseudonym), text(it.household), id(it.home), ids(it.guardians), byte(it.threshold ?? 0), word(it.custody, CUSTODIES),
  );

const GROUNDS = [
  ['guardians', (it) => ids(it.guardians)],
  ['decision', (it) => join(id(it.decision), ids(it.consents))],
  ['branches', (it) => ids(it.branches)],
];

const ACTIONS = [
  ['freeze', (it) => join(id(it.member), varint(it.epoch))],
  ['unfreeze', (it) => join(id(it.member), id(it.base), id(it.key), id(it.home), list(it.positions, zigzag))],
  ['write_off', (it) => join(id(it.member), id(it.pot), byte(it.unit), varint(it.amount))],
];

// One of several forms, each told by the field that only it has.
function variant(it, name, forms) {
  const number = forms.findIndex(([form]) => form === name);
  if (number < 0) throw new RangeError(`${name} is no form`);
  return join(varint(number), forms[number][1](it));
}

const grounds = (it) => variant(it, GROUNDS.map(([name]) => name).find((name) => name in it), GROUNDS);
const action = (it) => variant(it, it.does, ACTIONS);

const pay = (it) =>
  join(id(it.to), byte(it.unit), varint(it.amount), option(it.answers, id), option(it.item, id), text(it.memo));

// Number and body of each kind. `link` comes first in all but two.
const linked = (write) => (it) => join(link(it.link), write(it));
const BODIES = {
  join: [18, (it) => join(id(it.covenant), facts(it.facts))],
  vouch: [19, linked((it) => id(it.member))],
  enter: [20, linked((it) => join(id(it.first), id(it.second)))],
  facts: [21, linked((it) => facts(it.facts))],
  rekey: [22, linked((it) => id(it.key))],
  recover: [23, linked((it) => join(id(it.member), id(it.base), id(it.key), id(it.home)))],
  veto: [24, linked((it) => id(it.recover))],
  resume: [25, linked((it) => grounds(it.grounds))],
  leave: [26, (it) => link(it.link)],
  pay: [27, linked(pay)],
  accept: [28, linked((it) => id(it.pay))],
  decline: [29, linked((it) => id(it.pay))],
  reclaim: [30, linked((it) => id(it.decline))],
  dispute: [31, linked((it) => join(id(it.pay), text(it.text)))],
  decide: [32, linked((it) => join(action(it.action), text(it.text)))],
  consent: [33, linked((it) => id(it.decision))],
  fork_proof: [34, (it) => join(bytes(it.first), bytes(it.second))],
};

// A record of the ledger as bytes; `mark` as in `wrap`.
export function encodeLedger(mark, kind, body) {
  const [number, write] = BODIES[kind];
  return wrap(mark, number, write(body));
}
