// Shows what changed without disturbing whoever reads or types: fetches the page's own address again and takes over, piece by
// piece, what is different. The gateway stays the only one that draws.

// What tells pieces of a list apart: their id, or where their first link leads.
function keyOf(node) {
  if (node.nodeType !== 1) return '';
  return node.id || (node.localName === 'li' && node.querySelector('a[href]')?.getAttribute('href')) || '';
}

const isTyped = (field) =>
  field.type === 'checkbox' || field.type === 'radio'
    ? field.checked !== field.defaultChecked
    : field.localName === 'select'
      ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.selectedIndex > 0
      : field.type !== 'hidden' && field.value !== field.defaultValue;

// A form that somebody is at stays as it is, and so does what the script itself has put there.
function isHeld(node) {
  if (node.nodeType !== 1) return false;
  if ('keep' in node.dataset) return true;
  return node.localName === 'form' && (node.contains(document.activeElement) || [...node.elements].some(isTyped));
}

function dress(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // What somebody has opened stays open.
    if (!fresh.hasAttribute(name) && !(name === 'open' && old.localName === 'details')) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function take(old, fresh) {
  if (old.nodeType !== 1) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (isHeld(old) || old.isEqualNode(fresh)) return;
  dress(old, fresh);
  morph(old, fresh);
}

const isAlike = (a, b) => a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

// Makes `old`'s children like `fresh`'s, keeping every element that is still there.
export function morph(old, fresh) {
  const known = new Map();
  for (const child of old.children) if (keyOf(child)) known.set(keyOf(child), child);
  const stays = new Set([...fresh.childNodes].map(keyOf).filter(Boolean));
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    while (at && (isHeld(at) && 'keep' in at.dataset || (keyOf(at) && !stays.has(keyOf(at))))) {
      const gone = at;
      at = at.nextSibling;
      if (!('keep' in gone.dataset)) gone.remove();
    }
    const match = keyOf(wanted) ? known.get(keyOf(wanted)) : at && isAlike(at, wanted) ? at : null;
    if (match && match.nodeName === wanted.nodeName) {
      if (match === at) at = at.nextSibling;
      else old.insertBefore(match, at);
      take(match, wanted);
    } else old.insertBefore(document.importNode(wanted, true), at);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    if (!(gone.nodeType === 1 && 'keep' in gone.dataset)) gone.remove();
  }
}

// Items that are here now and were not: said to those who do not see the list move.
const linksOf = (main) => new Set([...main.querySelectorAll('li h3 a[href]')].map((link) => link.getAttribute('href')));

// Fetches the page again. Returns how many items are new, or -1 if the page is as it was.
export async function refresh() {
  const answer = await fetch(location.href, { cache: 'no-cache', headers: { accept: 'text/html' } });
  if (!answer.ok || answer.redirected) return -1;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
  const main = document.querySelector('main');
  if (!fresh || !main) return -1;
  const before = linksOf(main);
  const words = main.textContent;
  morph(main, fresh);
  if (main.textContent === words) return -1;
  return [...linksOf(main)].filter((link) => !before.has(link)).length;
}

// Shows another page's content in this one, as after a form that came back.
export function show(html, url) {
  const page = new DOMParser().parseFromString(html, 'text/html');
  const fresh = page.querySelector('main');
  if (!fresh) return false;
  document.querySelector('main').replaceWith(document.adoptNode(fresh));
  // Its language switch belongs to the forms it has.
  const header = page.querySelector('header');
  if (header) document.querySelector('header').replaceWith(document.adoptNode(header));
  document.title = page.title;
  if (url && url !== location.href) history.pushState({ shown: true }, '', url);
  else history.replaceState({ shown: true }, '');
  return true;
}
