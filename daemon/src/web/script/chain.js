// Where the next record of this phone's member stands. The gateway is asked for the end of his chain before anything is signed, so
// that an old phone, restored, goes on from there instead of splitting the chain; and what this phone knows to be kept somewhere is
// never signed over.

const PLACE = 'commons-chain';
// Written by `posts.js` once a gateway has kept a record: member and number.
const KEPT = 'commons-kept';

function read(place) {
  try {
    return JSON.parse(localStorage.getItem(place));
  } catch {
    return null;
  }
}

function store(place, value) {
  try {
    localStorage.setItem(place, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing has no key either.
  }
}

export const mark = (member, seq) => `${member}:${seq}`;

// The highest number of this member that a gateway is known to have kept from this phone.
function keptOf(member) {
  const [whose, seq] = String(read(KEPT) ?? '').split(':');
  return whose === member ? Number(seq) : -1;
}

// What this phone knows of the chain: `at`, the last record that a gateway is known to have, and `ahead`, those noted after it that
// wait on this phone. What is neither kept nor waiting any more was refused.
function known(key, member, waiting) {
  const note = read(PLACE);
  if (note?.key !== key || (member && note.member !== member)) return null;
  const kept = keptOf(note.member);
  const at = note.ahead.filter((one) => one.seq <= kept).at(-1) ?? note.at;
  return { member: note.member, at, ahead: note.ahead.filter((one) => waiting.includes(mark(note.member, one.seq))) };
}

const write = (key, member, at, ahead) => store(PLACE, { key, member, at, ahead });
const place = ({ epoch, seq, head }) => ({ epoch, seq, head });

// Takes over where a page says that the chain ends, for the moment when the gateway is out of reach.
export function learn(key, card, waiting) {
  const mine = known(key, card.id, waiting);
  if (!mine?.ahead.length && card.seq >= Math.max(keptOf(card.id), mine?.at.seq ?? 0)) write(key, card.id, place(card), []);
}

// `card`: the member as the gateway knows him; none if it is out of reach. `waiting`: marks of what this phone has not handed in yet.
// Returns the link of the next record; or { stop }, the id of the sentence that says why nothing may be signed now.
export function next(key, card, waiting) {
  const mine = known(key, card?.id, waiting);
  if (!card) {
    if (!mine) return { stop: 'script-no-head' };
    return after(mine.member, mine.ahead.at(-1) ?? mine.at);
  }
  // A split chain goes on at the gateway's word; it says what is to be done.
  if (card.ends?.length > 1) return after(card.id, card);
  // The gateway has lost what it once said it had; another may have it.
  if (card.seq < keptOf(card.id)) return { stop: 'script-gap' };
  const last = mine?.ahead.at(-1);
  if (last && last.epoch === card.epoch) {
    // What waits here follows the gateway's head, or the gateway has some of it already.
    const follows = mine.ahead[0].prev === card.head || mine.ahead.some((one) => one.head === card.head);
    return follows ? after(card.id, last) : { stop: 'script-other' };
  }
  write(key, card.id, place(card), []);
  return after(card.id, card);
}

const after = (member, { epoch, seq, head }) => ({ link: { member, epoch, seq: seq + 1, prev: head } });

// Notes that a record was signed, before it leaves.
export function note(key, { member, epoch, seq, prev }, head, waiting) {
  const mine = known(key, member, waiting) ?? { at: { epoch, seq: seq - 1, head: prev }, ahead: [] };
  write(key, member, mine.at, mine.ahead.filter((one) => one.seq < seq).concat({ epoch, seq, head, prev }));
}
