// A check of the phone's script against golden bytes, made in both places where it must hold: under node, and in the browser with
// the files as the gateway serves them.

import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { assert, assertQuiet, phone, startGateway, test } from '../harness.mjs';
import { copyScripts, root } from './copy.mjs';

/** The words of each line of a file of tests/golden. */
export async function goldenLines(name) {
  const text = await readFile(path.join(root, 'tests/golden', name), 'utf8');
  return text.trim().split('\n').map((line) => line.split(' '));
}

function judge({ wrong, checked }) {
  assert.deepEqual(wrong, []);
  assert.ok(checked > 200, `${checked}`);
}

/** `check({ urls, ...facts })` is sent as text: it may use nothing but its argument, and answers `{ wrong, checked }`. */
export function checkEverywhere(check, facts) {
  test('under node', async () => {
    const { urls, remove } = await copyScripts();
    try {
      judge(await check({ urls, ...facts }));
    } finally {
      await remove();
    }
  });

  test('in the browser, as served', async () => {
    const gateway = await startGateway();
    const page = await phone(gateway);
    await page.goto('/help');
    // By way of the imports, to the hashed names.
    const urls = {};
    const visit = async (address) => {
      const text = await (await fetch(gateway.url + address)).text();
      for (const [, file] of text.matchAll(/'\.\/([\w-]+\.js)'/g)) {
        const name = file.replace(/-[0-9a-f]{16}\.js$/, '');
        if (urls[name]) continue;
        urls[name] = `/assets/${file}`;
        await visit(urls[name]);
      }
    };
    await visit(await page.locator('head script').getAttribute('src'));
    judge(await page.evaluate(`(${check})(${JSON.stringify({ urls, ...facts })})`));
    assertQuiet(page);
  });
}
