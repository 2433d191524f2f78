// The board and the form to ask for help, as an old phone without script sees them.

import { assert, assertFits, assertQuiet, phone, shot, startGateway, test } from './harness.mjs';

test('a need asked for without script is on the board', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway, { script: false, width: 320 });
  await page.goto('/');
  await assertFits(page, 'the empty board');
  await page.getByRole('link', { name: 'Ask for help' }).click();
  await page.locator('textarea[name=text]').fill('Insulin for my father');
  await page.locator('button.strong').click();
  assert.match(page.url(), /\/kept\//);
  await page.goto('/');
  await page.getByText('Insulin for my father').waitFor();
  await shot(page, 'board');
  assertQuiet(page);
});
