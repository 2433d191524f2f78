// What was posted from this phone: noted here before it is sent, sent until the gateway has answered, and then followed until it
// is over. The form's one-time token (or the record's id) makes one entry of however many times it was sent.

import { element, say } from './words.js';
import { random, hex } from './bytes.js';

const PLACE = 'commons-posts';
const POSTS_MAX = 40;
const ANSWER_MS_MAX = 20_000;
// Answers that say "later": nothing was kept, and nothing is wrong with the post.
const LATER = [408, 429, 500, 502, 503, 504, 507];

let posts = read();
const under = new Set();

function read() {
  try {
    return JSON.parse(localStorage.getItem(PLACE)) ?? [];
  } catch {
    return [];
  }
}

function write() {
  // What is kept by the gateway leaves first; what nobody else has, never.
  while (posts.length > POSTS_MAX) {
    const at = posts.findIndex((post) => post.state !== 'noted');
    if (at < 0) break;
    posts.splice(at, 1);
  }
  try {
    localStorage.setItem(PLACE, JSON.stringify(posts));
  } catch {
    // A browser that keeps nothing: the list lives as long as this page.
  }
}

export const token = () => hex(random(16));
// Nothing was kept, and it says neither what is wrong nor how to mend it.
export const isLater = (answer) =>
  !answer.kept && LATER.includes(answer.status) && !pageOf(answer.html).querySelector('main form');
const isWaiting = (post) => post.state === 'noted' && !under.has(post.id);

// Notes a post before it is sent.
export function note(post) {
  // Another page of this browser may have noted something meanwhile.
  posts = read().filter((known) => known.id !== post.id).concat({ ...post, state: 'noted' });
  write();
}

export function drop(of) {
  posts = read().filter((post) => post.id !== of);
  write();
}

function change(of, values) {
  const known = read();
  // Where nothing is kept, the list in memory is all there is.
  if (known.length) posts = known;
  posts = posts.map((post) => (post.id === of ? { ...post, ...values } : post));
  write();
}

// Sends one post. Returns the gateway's answer as { status, url, html }; null if it cannot be reached.
export async function send(post) {
  under.add(post.id);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), ANSWER_MS_MAX);
  try {
    const answer = await fetch(post.address, {
      method: 'POST',
      body: new URLSearchParams(post.body),
      signal: stop.signal,
    });
    const html = await answer.text();
    const kept = answer.ok && new URL(answer.url).pathname.startsWith('/kept/');
    if (kept) settle(post, html);
    return { kept, status: answer.status, url: answer.url, html };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    under.delete(post.id);
  }
}

export const pageOf = (html) => new DOMParser().parseFromString(html, 'text/html');

function settle(post, html) {
  const page = pageOf(html);
  if (post.chain) {
    try {
      localStorage.setItem('commons-kept', JSON.stringify(post.chain));
    } catch {
      // A browser that keeps nothing has no key, and no chain.
    }
  }
  // Without what the address says of the language.
  const [item] = (page.querySelector('[data-item]')?.getAttribute('href') ?? '').split('?');
  const code = page.querySelector('[data-code]')?.textContent ?? '';
  // An act on something leaves no line of its own.
  if (!item || !post.text) drop(post.id);
  else change(post.id, { state: 'kept', item, code, body: '' });
}

// Sends what waits, one after another; true if the gateway answered.
let flushing = null;
export function flush() {
  flushing ??= sendAll().finally(() => (flushing = null));
  return flushing;
}

async function sendAll() {
  posts = read().length ? read() : posts;
  for (const post of posts.filter(isWaiting)) {
    const answer = await send(post);
    if (!answer) return false;
    if (!answer.kept && !LATER.includes(answer.status)) {
      const why = pageOf(answer.html).querySelector('main .problem')?.textContent.trim() ?? String(answer.status);
      change(post.id, { state: 'refused', why });
    }
  }
  return true;
}

// Asks how far each kept post has come, and forgets those that are gone.
export async function ask(concerns) {
  for (const post of posts.filter((one) => one.state === 'kept' && concerns(one.item))) {
    const [, kind, id] = post.item.split('/');
    const answer = await fetch(`/api/v1/${kind}s/${id}`, { cache: 'no-cache' });
    if (answer.status === 404) drop(post.id);
    if (!answer.ok) continue;
    const { reached } = await answer.json();
    if (reached !== post.reached) change(post.id, { reached });
  }
}

// The places in a member's chain of what is not handed in yet.
export const waiting = () => read().filter((post) => post.state === 'noted' && post.chain).map((post) => post.chain);

// The addresses of this phone's own items.
export const items = () => posts.filter((post) => post.item).map((post) => post.item);

// The light of a post, always in words too.
function light(post) {
  if (post.state === 'noted') return ['noted', say('script-noted')];
  if (post.state === 'refused') return ['refused', say('script-refused', { why: post.why })];
  if (post.reached > 0) return ['reached', say('script-reached', { n: post.reached })];
  return ['kept', say('script-kept')];
}

function card(post) {
  const [name, words] = light(post);
  const text = element('bdi', { dir: 'auto' }, post.text);
  const remove = element('button', { type: 'button' }, say('script-remove'));
  remove.addEventListener('click', () => {
    drop(post.id);
    draw();
  });
  return element(
    'li',
    { class: 'item' },
    element('h3', {}, post.item ? element('a', { href: post.item }, text) : text),
    element('p', { class: 'facts' }, element('span', { class: `light ${name}`, 'aria-hidden': 'true' }), words),
    ...(post.code ? [element('p', { class: 'facts' }, say('script-code', { code: post.code }))] : []),
    ...(post.state === 'noted' ? [] : [remove]),
  );
}

// Draws the list on top of the board, and wherever something waits.
export function draw() {
  const main = document.querySelector('main');
  main.querySelector('#posts')?.remove();
  const shown = location.pathname === '/' ? posts : posts.filter((post) => post.state !== 'kept');
  if (!shown.length) return;
  const title = element('h2', { id: 'posts-title' }, say('script-mine'));
  const list = element('ul', { class: 'items' }, ...shown.map(card).reverse());
  const section = element('section', { id: 'posts', 'data-keep': '', 'aria-labelledby': 'posts-title' }, title, list);
  const above = main.querySelector('nav') ?? main.querySelector('h1');
  if (above) above.after(section);
  else main.prepend(section);
}
