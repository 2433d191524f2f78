// Credit with the phone's own key: signs in, signs what the forms say, and follows the account. Loaded only on pages of credit.

import { encodeLedger } from './book.js';
import { learn, mark, next, note } from './chain.js';
import { hex, random, unhex } from './bytes.js';
import { hash, networkId, recordId, sign as signRecord, signBytes } from './sign.js';
import { element, say } from './words.js';
import { refresh, show } from './swap.js';
import { load } from './key.js';
import { waiting } from './posts.js';

const network = () => networkId(document.body.dataset.network);
const tidy = (text) => (text ?? '').trim().replace(/\r\n/g, '\n');

async function json(path) {
  const answer = await fetch(path, { cache: 'no-cache' });
  return answer.ok ? answer.json() : null;
}

const find = async (text) => (await json(`/api/v1/ledger/members?q=${encodeURIComponent(text)}`)) ?? [];
const cardOf = async (key) => (await find(key)).find((card) => card.key === key);

// As the gateway reads amounts (`credit/amount.rs`): smallest parts as a BigInt; null for what it would refuse.
export function parts(typed, scale) {
  const plain = typed
    .trim()
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 15))
    .replace(/[\u066b,]/g, '.');
  const of = BigInt(scale);
  let found = null;
  const clock = /^(\d{1,20}):([0-5]\d)$/.exec(plain);
  const fraction = /^(?:(\d{1,15}) +)?(\d{1,15})\/(\d{1,10})$/.exec(plain);
  const decimal = /^(\d{1,20})?(?:\.(\d{0,20}))?$/.exec(plain);
  if (clock) {
    if (of === 60n) found = BigInt(clock[1]) * of + BigInt(clock[2]);
  } else if (fraction) {
    if (BigInt(fraction[3]) === of) found = BigInt(fraction[1] ?? 0) * of + BigInt(fraction[2]);
  } else if (decimal && /\d/.test(plain)) {
    const below = (decimal[2] ?? '').replace(/0+$/, '');
    const tenths = 10n ** BigInt(below.length);
    const rest = BigInt(below || 0) * of;
    if (rest % tenths === 0n) found = BigInt(decimal[1] ?? 0) * of + rest / tenths;
  }
  return found > 0n && found <= 1_000_000_000_000n ? found : null;
}

// Short ids and names as the whole ids; null if one of them is not to be found, or means several.
async function whole(typed) {
  const found = await Promise.all(typed.map(find));
  return found.every((cards) => cards.length === 1) ? found.map(([card]) => card.id) : null;
}

async function factsOf(form) {
  const typed = [...form.entries()].filter(([name, value]) => name.startsWith('guardian') && tidy(value)).map(([, value]) => tidy(value));
  const guardians = await whole(typed);
  const [pseudonym, household] = ['pseudonym', 'household'].map((name) => tidy(form.get(name)));
  const threshold = typed.length ? Number(tidy(form.get('threshold'))) : 0;
  if (!guardians || !pseudonym || !household || !(threshold >= 0 && threshold < 8)) return null;
  return { pseudonym, household, home: form.get('home'), guardians, threshold, custody: form.get('custody') };
}

// What each form says, beside the link; null for what the gateway would refuse: it goes as it was typed, and comes back with the
// reason beside it.
const SAYS = {
  pay(form, element) {
    const amount = amountOf(form, element);
    const option = (name) => form.get(name) || undefined;
    const body = { to: form.get('to'), unit: Number(form.get('unit')), amount, answers: option('answers'), item: option('item') };
    return amount && { ...body, memo: tidy(form.get('memo')) };
  },
  accept: (form) => ({ pay: form.get('pay') }),
  decline: (form) => ({ pay: form.get('pay') }),
  reclaim: (form) => ({ decline: form.get('decline') }),
  dispute: (form) => tidy(form.get('text')) && { pay: form.get('pay'), text: tidy(form.get('text')) },
  vouch: (form) => ({ member: form.get('member') }),
  enter: (form) => ({ first: form.get('first'), second: form.get('second') }),
  recover: (form) => ({ member: form.get('member'), base: form.get('base'), key: form.get('key'), home: form.get('home') }),
  veto: (form) => ({ recover: form.get('recover') }),
  leave: () => ({}),
  rekey: (form) => form.get('key') && { key: form.get('key') },
  consent: (form) => ({ decision: form.get('decision') }),
  decide(form, element) {
    const action = ACTIONS[form.get('does')]?.(form, element);
    return action && tidy(form.get('text')) && { action: { does: form.get('does'), member: form.get('about'), ...action }, text: tidy(form.get('text')) };
  },
  async facts(form) {
    const facts = await factsOf(form);
    return facts && { facts };
  },
  async join(form) {
    const facts = form.get('custody') === 'own' && (await factsOf(form));
    return facts && { covenant: form.get('covenant'), facts };
  },
  resume(form) {
    if (form.has('guardian')) return { grounds: { guardians: form.getAll('guardian') } };
    if (form.has('decision')) return { grounds: { decision: form.get('decision'), consents: form.getAll('consent') } };
    return { grounds: { branches: form.getAll('branch') } };
  },
};

const amountOf = (form, element) => parts(form.get('amount'), element.querySelector('#unit').selectedOptions[0].dataset.scale);

// What households may decide, beside whom it is about.
const ACTIONS = {
  freeze: (form) => ({ epoch: Number(form.get('epoch')) }),
  unfreeze: (form) => ({ base: form.get('base'), key: form.get('key'), home: form.get('home'), positions: form.getAll('position') }),
  write_off(form, element) {
    const amount = amountOf(form, element);
    return amount && form.get('pot') && { pot: form.get('pot'), unit: Number(form.get('unit')), amount };
  },
};

// A form of these pages as { signed, chain }; { stop } with a sentence if nothing may be signed now; null if it is not for the key.
export async function sign(me, { form, element, now }) {
  const kind = form.get('say');
  if (!SAYS[kind] || (kind !== 'join' && !('own' in element.dataset))) return null;
  const body = await SAYS[kind](form, element);
  if (!body) return null;
  const back = kind === 'resume' && form.has('guardian');
  let at = null;
  if (kind === 'resume' && form.has('decision')) {
    // Where households said, which need not be where the gateway says that the chain ends.
    at = { link: { member: form.get('who'), epoch: Number(form.get('epoch')), seq: Number(form.get('seq')), prev: form.get('base') } };
  } else if (back) {
    const [card] = await find(form.get('who'));
    at = { link: { member: card.id, epoch: card.epoch + 1, seq: card.seq + 1, prev: card.head } };
  } else if (kind !== 'join') {
    // Out of reach: what this phone has noted itself is all there is. A key that is nobody's has no chain.
    const card = await cardOf(me.key).catch(() => null);
    if (card === undefined) return { stop: say('script-no-member') };
    at = next(me.key, card, waiting());
    if (at.stop) return { stop: words(at.stop) };
  }
  const [a, b, c, d, ...rest] = random(12);
  const content = rest.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const drawn = { created: now, sender: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, content };
  const record = encodeLedger(drawn, kind, { ...at, ...body });
  const signed = hex(signRecord(me.seed, network(), record));
  const text = textOf(form, element);
  if (!at || kind === 'resume') return { signed, text };
  note(me.key, at.link, recordId(network(), unhex(me.key), record), waiting());
  return { signed, text, chain: mark(at.link.member, at.link.seq) };
}

// Each by its name, so that the words of the script can be found in it.
function words(stop) {
  if (stop === 'script-gap') return say('script-gap');
  if (stop === 'script-other') return say('script-other');
  return say('script-no-head');
}

// What a noted payment is called on this phone until the gateway has it.
function textOf(form, element) {
  const name = element.querySelector('[data-name]')?.dataset.name ?? '';
  const unit = element.querySelector('#unit')?.selectedOptions[0].text ?? '';
  const amount = form.get('amount');
  return amount ? `${amount} ${unit} → ${name}` : (element.querySelector('button.strong, button')?.textContent ?? '');
}

let tried = '';
// Shows the gateway that this phone signs for a member; true if it gave a pass.
async function enter(me) {
  const card = await cardOf(me.key);
  if (!card) return false;
  const { challenge, gateway } = await json('/api/v1/ledger/challenge');
  const digest = hash('commons/1/pass', network(), unhex(gateway), unhex(me.key), unhex(card.id), unhex(challenge));
  const signature = hex(signBytes(digest, me.seed));
  const body = new URLSearchParams({ member: card.id, challenge, signature });
  return (await fetch('/credit/in', { method: 'POST', body })).ok;
}

async function signIn(me) {
  const waits = document.querySelector('[data-credit=key]');
  if (!waits || !me || location.search.includes('out=yes') || tried === location.href) return;
  tried = location.href;
  waits.hidden = false;
  if (await enter(me)) {
    show(await (await fetch(location.href)).text(), '');
    await arrive();
    return;
  }
  waits.hidden = true;
  document.querySelector('[data-credit=stranger]').hidden = false;
}

let events = null;
// Follows the account for as long as a page of it is shown.
function follow() {
  if (events || !document.querySelector('[data-live]') || !('EventSource' in globalThis)) return;
  events = new EventSource('/credit/watch');
  events.addEventListener('account', () => {
    if (document.querySelector('[data-live]') && !document.hidden) refresh().catch(() => {});
  });
  events.addEventListener('error', () => {
    // Over, as after a restart of the gateway, which forgets its passes.
    if (events.readyState !== EventSource.CLOSED) return;
    events = null;
    tried = '';
    if (document.querySelector('[data-live]')) setTimeout(() => again().catch(() => {}), 1_000);
  });
}

async function again() {
  const me = load();
  if (me) await enter(me);
  await refresh();
  await arrive();
}

// A camera that reads codes, where browsers let a page have one: not over plain http. The system's own camera opens the link instead.
async function scanning() {
  const button = document.querySelector('[data-scan]');
  if (!button || !('BarcodeDetector' in globalThis) || !navigator.mediaDevices) return;
  button.hidden = false;
  button.addEventListener('click', async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    const video = element('video', { autoplay: '', playsinline: '' });
    video.srcObject = stream;
    button.after(video);
    const detector = new BarcodeDetector({ formats: ['qr_code'] });
    const stop = () => {
      stream.getTracks().forEach((track) => track.stop());
      video.remove();
    };
    const look = async () => {
      if (!video.isConnected) return stop();
      const [code] = await detector.detect(video).catch(() => []);
      if (!code) return setTimeout(look, 200);
      stop();
      // Whatever gateway drew it: only what it says is taken, never where it leads.
      const said = new URL(code.rawValue, location.href);
      if (said.pathname === '/credit/pay') location.assign(`/credit/pay${said.search}`);
    };
    look();
  });
}

// What a page of credit needs, once it is shown.
export async function arrive() {
  const me = load();
  const drawn = document.querySelector('[data-chain]');
  if (drawn && me) {
    const [id, epoch, seq, head, key] = drawn.dataset.chain.split(':');
    if (key === me.key) learn(key, { id, epoch: Number(epoch), seq: Number(seq), head }, waiting());
  }
  const field = document.querySelector('[data-mykey]');
  if (field && me) {
    field.value = me.key;
    // To be compared by eye.
    for (const begins of document.querySelectorAll('[data-mykey-begins]')) begins.textContent = me.key.slice(0, 8);
    for (const shown of document.querySelectorAll('[data-mykey-shown]')) shown.hidden = false;
  }
  for (const hint of me ? document.querySelectorAll('[data-off]') : []) hint.hidden = true;
  follow();
  scanning().catch(() => {});
  await signIn(me);
}
