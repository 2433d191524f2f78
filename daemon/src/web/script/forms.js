// Sends forms without leaving the page, so that nothing typed is lost when the gateway is out of reach; signed, if this phone has
// a key. Whatever goes wrong in here, the browser sends the form as it would without script.

import * as posts from './posts.js';
import { show } from './swap.js';

const OURS = /^\/(new\/(need|offer|notice)|(need|offer|notice)\/\w+|code|credit\/(pay|join|enter|me|back|decide|key|(payment|member|decision)\/\w+))$/;

// Of a text, as much as a list shows.
const TEXT_CHARS = 160;

// The one who has a right by code word, or by having posted: that form holds no "start".
const isAskers = (form) => !form.querySelector('button[value=start]');

// `sign({ path, form, element, asks })` gives { signed } in hex digits, { stop } with a sentence why not, or nothing;
// `on.arrive()` dresses what is shown anew; `on.away()` says that the gateway did not answer.
export function begin(sign, on) {
  // Old browsers do not say which button was pressed; they send the form themselves.
  if (!('submitter' in (globalThis.SubmitEvent?.prototype ?? {}))) return;
  document.addEventListener('submit', async (event) => {
    const form = event.target;
    const path = new URL(form.action).pathname;
    // The language switch, which posts nothing: the browser takes along what is typed.
    if (event.submitter?.name === 'redraw') return;
    if (event.defaultPrevented || form.method !== 'post' || !OURS.test(path)) return;
    // A PIN is sent once, by the browser, and noted nowhere.
    if (form.querySelector('[type=password]')?.value) return;
    event.preventDefault();
    // A second tap while the first is on its way.
    if (form.getAttribute('aria-busy')) return;
    form.setAttribute('aria-busy', 'true');
    const button = event.submitter;
    try {
      await post(form, path, button, sign, on);
    } catch (error) {
      console.error(error);
      send(form, button);
    } finally {
      form.removeAttribute('aria-busy');
    }
  });
}

// As the browser would have sent it.
function send(form, button) {
  if (button?.name) {
    const field = document.createElement('input');
    field.type = 'hidden';
    field.name = button.name;
    field.value = button.value;
    form.append(field);
  }
  HTMLFormElement.prototype.submit.call(form);
}

// A refusal without the form in it: the words stay as they were typed, and the reason stands above them.
function say(form, answer) {
  const parts = [...posts.pageOf(answer.html).querySelectorAll('main h1, main p')].filter((part) => !part.querySelector('a'));
  tell(form, parts.map((part) => part.textContent).join(': ') || String(answer.status));
}

function tell(form, reason) {
  document.querySelector('main .problem[tabindex]')?.remove();
  const problem = document.createElement('div');
  problem.className = 'problem';
  problem.tabIndex = -1;
  problem.setAttribute('role', 'alert');
  problem.textContent = reason;
  form.before(problem);
  problem.focus();
}

async function post(form, path, button, sign, on) {
  const fields = new FormData(form);
  if (button?.name) fields.set(button.name, button.value);
  if (!fields.get('token')) fields.set('token', posts.token());
  const typed = fields.get('contact');
  const made = await sign({ path, form: fields, element: form, asks: isAskers(form) });
  if (made?.stop) return tell(form, made.stop);
  const signed = made?.signed;
  if (signed) {
    fields.set('signed', signed);
    // It is in the record, locked. In the open it has no business at the gateway.
    fields.delete('contact');
    fields.delete('code');
  }
  const body = new URLSearchParams(fields).toString();
  const text = path.startsWith('/new/') ? fields.get('text').slice(0, TEXT_CHARS) : (made?.text ?? '');
  // With what the address says of the language.
  const entry = { id: posts.token(), address: path + new URL(form.action).search, body, text, chain: made?.chain };
  posts.note(entry);
  const answer = await posts.send(entry);
  if (!answer || posts.isLater(answer)) {
    on.away();
    form.reset();
    // What is typed next is another post.
    form.querySelector('[name=token]')?.setAttribute('value', posts.token());
    posts.draw();
    document.querySelector('#posts')?.scrollIntoView({ block: 'center' });
    return;
  }
  if (!answer.kept) posts.drop(entry.id);
  if (!answer.kept && !posts.pageOf(answer.html).querySelector('main form')) return say(form, answer);
  if (!show(answer.html, answer.kept ? answer.url : '')) throw new Error('not a page');
  if (typed && signed) {
    const field = document.querySelector('main [name=contact]');
    if (field) field.value = typed;
  }
  await on.arrive();
  const first = document.querySelector('main .problem, main h1');
  first?.setAttribute('tabindex', '-1');
  first?.focus();
}
