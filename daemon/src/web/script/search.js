// Narrows the shown list to what is typed, letter by letter. Looks at what is on the page; the search field's own form asks the
// gateway for the rest.

import { say } from './words.js';

// Without accents and case, as people search.
const plain = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

export function search(field, tell) {
  let timer = 0;
  const narrow = () => {
    const wanted = plain(field.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of document.querySelectorAll('main ul.items > li')) {
      const text = plain(item.textContent);
      item.hidden = !wanted.every((word) => text.includes(word));
      if (!item.hidden) shown += 1;
    }
    clearTimeout(timer);
    // Read out once somebody stops typing, not with every letter.
    if (wanted.length) timer = setTimeout(() => tell(say('script-found', { n: shown })), 800);
  };
  field.addEventListener('input', narrow);
  if (field.value) narrow();
  return narrow;
}
