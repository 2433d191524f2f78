// Begins on every page: follows the board, and fetches what else a page needs when it needs it. Every page is whole without.

import { learn, say, element } from './words.js';
import { follow } from './live.js';
import { refresh, show } from './swap.js';
import { load } from './key.js';

// Changes come in bursts, and all phones hear of one at once: each waits a moment of its own before it asks.
const GATHER_MS = 200;
const SPREAD_MS = 400;
const PAUSE_MS = 1_500;
// Once the page is quiet, the form to ask for help is fetched too, for the moment when the gateway is out of reach.
const SPARE_MS = 4_000;
const SPARE = '/new/need';

// Said to screen readers, politely.
const voice = element('p', { class: 'quiet', role: 'status' });
// Said to everybody, while it lasts.
const away = element('p', { class: 'problem away', role: 'status', hidden: '' });
const spares = new Map();

const here = () => location.pathname + location.search;

let link = null;
let narrow = null;
let posts = null;
let member = null;
let credit = null;
let timer = 0;
let last = 0;
let changed = new Set();
// The address whose page is shown.
let shown = here();

const tell = (text) => {
  voice.textContent = text;
};

const isLive = () =>
  /^\/($|(need|offer|notice)\/)/.test(location.pathname) && !document.querySelector('main .problem[role=alert]');

const isCredit = () => location.pathname.startsWith('/credit');

const idOf = (path) => path.split('/').pop();

async function look() {
  const ids = changed;
  changed = new Set();
  timer = 0;
  last = Date.now();
  const concerns = (path) => ids.has('') || ids.has(idOf(path));
  try {
    // Thought to be away: is it?
    if (!link.isNear()) await fetch('/healthz', { cache: 'no-store' });
    link.reach(true);
    if (!document.hidden && isLive() && (location.pathname === '/' || concerns(location.pathname))) {
      const added = await refresh();
      narrow?.();
      if (added > 0) tell(say('script-new', { n: added }));
      else if (added === 0) tell(say('script-updated'));
    }
    const key = load();
    if (member && key) await member.look(key, concerns);
    if (posts) {
      await posts.ask(concerns);
      posts.draw();
    }
  } catch (error) {
    // Out of reach; the connection will tell when it is back.
    if (!(error instanceof TypeError)) throw error;
  }
}

function onChange(topic) {
  changed.add(idOf(topic));
  if (timer) return;
  const pause = Math.max(0, last + PAUSE_MS - Date.now());
  timer = setTimeout(look, GATHER_MS + pause + Math.random() * SPREAD_MS);
}

async function onReach(yes) {
  away.hidden = yes;
  away.textContent = yes ? '' : say('script-away');
  if (!yes || !posts) return;
  await posts.flush();
  posts.draw();
}

// What a page needs, once it is shown.
async function arrive() {
  shown = here();
  const field = document.querySelector('main [role=search] [name=q]');
  narrow = field && (await import('./search.js')).search(field, tell);
  const key = load();
  if (key && !member) {
    member = await import('./member.js');
    await member.begin(key).catch(() => {});
  } else if (key) await member.look(key, () => true).catch(() => {});
  if (isCredit()) {
    credit ??= await import('./credit.js');
    await credit.arrive().catch(() => {});
  }
  posts?.draw();
}

// Null where there is no key, or where what signs could not be fetched in time: then the form goes as it is.
async function sign(post) {
  const key = load();
  if (!key || !member) return null;
  return isCredit() ? credit?.sign(key, { ...post, now: member.now() }) : member.sign(key, post);
}

// Forms, and what this phone has posted: only where there is one or the other.
async function beginPosts() {
  if (posts) return;
  posts = await import('./posts.js');
  const forms = await import('./forms.js');
  forms.begin(sign, { arrive, away: () => link.reach(false) });
  if (await posts.flush()) await posts.ask(() => true).catch(() => {});
  posts.draw();
}

// While the gateway is out of reach, a tap on a link would trade the page for the browser's error.
async function onTap(event) {
  const target = event.target.closest?.('a[href^="/"]');
  if (!target || link.isNear() || event.defaultPrevented) return;
  event.preventDefault();
  const spare = spares.get(target.pathname);
  if (!spare) {
    away.scrollIntoView({ block: 'center' });
    return;
  }
  show(spare, target.href);
  shown = here();
  await beginPosts();
  document.querySelector('main [name=token]')?.setAttribute('value', posts.token());
  document.querySelector('main h1')?.scrollIntoView();
}

function hasPosts() {
  try {
    return Boolean(localStorage.getItem('commons-posts'));
  } catch {
    return false;
  }
}

async function fetchSpare() {
  // All that the form needs without the gateway, the script's parts included.
  await beginPosts();
  const answer = await fetch(SPARE);
  if (answer.ok) spares.set(SPARE, await answer.text());
}

async function begin() {
  document.body.append(voice);
  document.querySelector('header').after(away);
  await learn().catch(() => {});
  link = follow({ change: onChange, reach: onReach });
  addEventListener('visibilitychange', () => !document.hidden && onChange(''));
  // Back to a page that was shown without being loaded: load it. (A link within the page comes by here too.)
  addEventListener('popstate', () => here() !== shown && link.isNear() && location.reload());
  document.addEventListener('click', onTap);
  if (/^\/keeper(\/in)?$/.test(location.pathname)) (await import('./keeper.js')).begin(load());
  if (location.pathname === '/me') (await import('./me.js')).begin();
  if (document.querySelector('main form[method=post]') || hasPosts()) await beginPosts();
  await arrive();
  if (location.pathname === '/') setTimeout(() => fetchSpare().catch(() => {}), SPARE_MS);
}

begin();
