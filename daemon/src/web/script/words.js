// What the script says, in the page's language. The page names the file with its words; without it the script stays silent
// rather than speak another language.

let words = {};

export async function learn() {
  const file = document.body.dataset.words;
  if (file) words = await (await fetch(file)).json();
}

export function say(id, values = {}) {
  return (words[id] ?? '').replace(/\{ ?\$(\w+) ?\}/g, (_, name) => values[name] ?? '');
}

// An element with attributes and children; texts go in as texts, never as markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
