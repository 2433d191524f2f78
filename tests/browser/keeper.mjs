// The keeper's page in a browser: in by one tap with the phone's own key, by password without script, out again.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { assert, assertFits, assertQuiet, makeKey, phone, shot, startGateway, test } from './harness.mjs';

const PASSWORD = 'lamp river seven';

const run = promisify(execFile);
/** Runs `commonsd` as the keeper types it beside a running gateway, from the words that a page shows. */
const command = (gateway, line) => {
  const [name, ...words] = line.trim().split(' ');
  assert.equal(name, 'commonsd');
  return run(process.env.COMMONSD_BIN, [...words, '--data', gateway.data]);
};

test('a phone whose key is let in opens the page by one tap', async () => {
  const gateway = await startGateway();
  await gateway.password(PASSWORD);
  const page = await phone(gateway);
  await page.goto('/keeper');
  await page.waitForLoadState('networkidle').catch(() => {});
  assert.ok(await page.locator('[data-keeper]').isHidden(), 'a phone without a key sees the password alone');
  await makeKey(page);
  await page.getByText('For whoever keeps this gateway').click();
  const line = await page.locator('[data-me=have] [data-command]').innerText();
  await page.getByRole('link', { name: "Keeper's page" }).click();

  const tap = page.getByRole('button', { name: "Come in with this phone's key" });
  await tap.click();
  await page.locator('[data-no=unknown]').waitFor({ state: 'visible' });
  assert.equal(await page.locator('[data-no=unknown] [data-command]').innerText(), line);
  await assertFits(page, 'the way in');
  await shot(page, 'keeper-unknown-key');

  await command(gateway, line);
  await tap.click();
  await page.getByRole('heading', { name: 'Other gateways' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/keeper');
  const [cookie] = (await page.context().cookies()).filter((one) => one.name === 'keeper');
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);
  await page.getByRole('button', { name: 'Log out' }).click();
  await tap.waitFor();

  // Somebody else's key opens nothing; a key that is taken out does no longer.
  const other = await phone(gateway);
  await makeKey(other);
  await other.goto('/keeper');
  await other.getByRole('button', { name: "Come in with this phone's key" }).click();
  await other.locator('[data-no=unknown]').waitFor({ state: 'visible' });
  await tap.click();
  await page.getByRole('heading', { name: 'Other gateways' }).waitFor();
  await command(gateway, line.replace(' add ', ' remove '));
  await page.reload();
  await page.locator('#password').waitFor();
  assertQuiet(page);
  assertQuiet(other);
});

test('a recorded answer opens nothing, from nowhere', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await makeKey(page);
  await command(gateway, await page.locator('[data-me=have] [data-command]').textContent());
  const recorded = [];
  page.on('request', (request) => request.url().endsWith('/keeper/key') && recorded.push(request.postData()));
  await page.goto('/keeper');
  await page.getByRole('button', { name: "Come in with this phone's key" }).click();
  await page.getByRole('heading', { name: 'Other gateways' }).waitFor();
  const send = (body) => fetch(`${gateway.url}/keeper/key`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const again = await send(recorded[0]);
  assert.equal(again.status, 403);
  assert.equal(again.headers.get('set-cookie'), null);
});

test('without script the password opens the page', async () => {
  const gateway = await startGateway();
  await gateway.password(PASSWORD);
  const page = await phone(gateway, { script: false });
  await page.goto('/keeper');
  assert.ok(await page.locator('[data-keeper]').isHidden());
  await page.fill('#password', 'lamp river eight');
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.getByText('That is not the password.').waitFor();
  await page.fill('#password', PASSWORD);
  await page.getByRole('button', { name: 'Come in' }).click();
  await page.getByRole('heading', { name: 'Other gateways' }).waitFor();
});
