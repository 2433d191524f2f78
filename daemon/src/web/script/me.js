// The page of the phone's own key: made, written down, brought back, forgotten.

import { generate } from './vendor/qr.js';
import { commandFor, forget, keep, load, nameOf, pending } from './key.js';
import { fromDigits, plainDigits, toDigits } from './digits.js';
import { hex, random } from './bytes.js';
import { publicKey } from './sign.js';
import { element } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';

function picture(text) {
  const code = generate(text);
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  let d = '';
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) d += `M${x} ${y}h1v1h-1z`;
  }
  path.setAttribute('d', d);
  svg.setAttribute('viewBox', `-4 -4 ${code.size + 8} ${code.size + 8}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(path);
  return svg;
}

export function begin() {
  const main = document.querySelector('main');
  const part = (name) => main.querySelector(`[data-me="${name}"]`);
  const within = (name, hook) => part(name).querySelector(hook);

  const backup = (name, seed) => {
    const groups = toDigits(seed);
    within(name, '[data-digits]').replaceChildren(...groups.map((group) => element('li', {}, group)));
    within(name, '[data-qr]').replaceChildren(picture(groups.join(' ')));
    return groups;
  };

  const draw = () => {
    const made = pending();
    const mine = load();
    const shown = mine ? 'have' : made ? 'new' : 'none';
    for (const name of ['off', 'none', 'new', 'have']) part(name).hidden = name !== shown;
    for (const hook of main.querySelectorAll('[data-digits], [data-qr]')) hook.replaceChildren();
    if (mine) {
      within('have', '[data-name]').textContent = nameOf(mine.key);
      within('have', '[data-command]').textContent = commandFor(mine.key);
      within('have', '[data-backup]').hidden = true;
    } else if (made) {
      const groups = backup('new', made.seed);
      // Any but the first, so that it must be looked up.
      const asked = 2 + (random(1)[0] % (groups.length - 1));
      within('new', '[data-group]').textContent = asked;
      within('new', '#group').value = '';
      within('new', '#group-wrong').hidden = true;
      part('new').dataset.asked = asked;
    }
  };

  const acts = {
    make() {
      const seed = random(32);
      keep(seed, hex(publicKey(seed)), false);
    },
    confirm() {
      const { seed, key } = pending();
      const right = toDigits(seed)[part('new').dataset.asked - 1];
      const field = within('new', '#group');
      if (plainDigits(field.value) !== right) {
        within('new', '#group-wrong').hidden = false;
        field.setAttribute('aria-invalid', 'true');
        field.focus();
        return false;
      }
      field.removeAttribute('aria-invalid');
      keep(seed, key, true);
    },
    restore() {
      const field = within('none', '#digits');
      const { seed, wrong } = fromDigits(field.value);
      if (!seed) {
        within('none', '#digits-wrong').hidden = false;
        within('none', '[data-wrong]').textContent = wrong;
        field.setAttribute('aria-invalid', 'true');
        field.focus();
        return false;
      }
      field.value = '';
      field.removeAttribute('aria-invalid');
      within('none', '#digits-wrong').hidden = true;
      keep(seed, hex(publicKey(seed)), true);
    },
    show() {
      backup('have', load().seed);
      within('have', '[data-backup]').hidden = false;
      return false;
    },
    drop: forget,
    forget,
  };
  const run = (name) => {
    try {
      if (acts[name]() === false) return;
    } catch {
      // This browser keeps nothing: what the page says without script holds here too.
      for (const one of ['off', 'none', 'new', 'have']) part(one).hidden = one !== 'off';
      return;
    }
    draw();
    main.querySelector('[data-me]:not([hidden])').scrollIntoView({ block: 'nearest' });
  };
  main.addEventListener('click', ({ target }) => {
    const button = target.closest('button[data-do]');
    if (button) run(button.dataset.do);
  });
  main.addEventListener('submit', (event) => {
    event.preventDefault();
    run(event.target.dataset.do);
  });
  draw();
}
