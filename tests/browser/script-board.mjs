// The board with script: what changes shows by itself, and nothing that is read or typed is disturbed.

import { assert, assertQuiet, phone, startGateway, test, waitFor } from './harness.mjs';

const cards = (page) => page.locator('main ul.items > li h3').allInnerTexts();

test('a post shows on another phone at once, while that phone is being used', async () => {
  const gateway = await startGateway();
  await gateway.post('offer', { text: 'soup for four' });
  const one = await phone(gateway);
  const two = await phone(gateway);
  await one.goto('/');
  await two.goto('/');
  await two.locator('main details summary').first().click();
  const link = two.getByRole('link', { name: 'soup for four' });
  await link.focus();
  await one.goto('/new/need');
  await one.fill('[name=text]', 'insulin, today');
  await one.locator('main form button.strong').click();
  await one.waitForURL('**/kept/*');
  await two.getByText('insulin, today').waitFor();
  // Whoever reads keeps the place and what was opened.
  assert.equal(await two.evaluate(() => document.activeElement.textContent), 'soup for four');
  assert.equal(await two.locator('main details[open]').count(), 1);
  assert.match(await two.locator('p.quiet[role=status]').innerText(), /New on the board: 1/);
  assertQuiet(one);
  assertQuiet(two);
});

test('an item page follows its item, and leaves what is being typed alone', async () => {
  const gateway = await startGateway();
  const { id } = await gateway.post('need', { text: 'wheelchair down the stairs' });
  const page = await phone(gateway);
  await page.goto(`/need/${id}`);
  await page.fill('[name=message]', 'half a sen');
  await gateway.post('claim', { item: id, message: 'I have strong arms' });
  await page.getByText('I have strong arms').waitFor();
  assert.equal(await page.inputValue('[name=message]'), 'half a sen');
  assertQuiet(page);
});

test('where WebSocket does not come through, changes come by events', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await page.addInitScript(() => { delete window.WebSocket; window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.(), 0); } close() {} }; });
  const watched = page.waitForRequest('**/api/v1/watch');
  await page.goto('/');
  await watched;
  await page.waitForTimeout(1_500);
  await gateway.post('need', { text: 'a ladder' });
  await page.getByText('a ladder').waitFor();
  assertQuiet(page);
});

test('a gateway that dies and comes back is said to be out of reach, and then followed again', async () => {
  const gateway = await startGateway();
  await gateway.post('need', { text: 'before the cut' });
  const page = await phone(gateway);
  await page.goto('/');
  await page.getByText('before the cut').waitFor();
  await gateway.kill9();
  await page.locator('.away').waitFor({ state: 'visible' });
  assert.match(await page.locator('.away').innerText(), /Out of reach/);
  await gateway.start();
  await gateway.post('need', { text: 'after the cut' });
  await page.getByText('after the cut').waitFor({ timeout: 60_000 });
  await page.locator('.away').waitFor({ state: 'hidden' });
  assert.equal((await cards(page)).filter((text) => text.includes('the cut')).length, 2);
});

test('what is typed into the search narrows the shown list at once, and keeps to it as things change', async () => {
  const gateway = await startGateway();
  for (const text of ['two loaves of bread', 'Crème for a baby', 'a ladder']) await gateway.post('need', { text });
  const page = await phone(gateway);
  await page.goto('/');
  const shown = async () => (await page.locator('main ul.items > li:visible h3').allInnerTexts()).sort();
  await page.locator('[role=search]').locator('xpath=..').locator('summary').click();
  await page.locator('[name=q]').pressSequentially('CREME b');
  await waitFor('one to be left', async () => (await shown()).length === 1);
  assert.deepEqual(await shown(), ['Crème for a baby']);
  await gateway.post('need', { text: 'a creamy bun' });
  await gateway.post('need', { text: 'another creme brulee' });
  await waitFor('the fresh one that fits', async () => (await shown()).length === 2);
  assert.equal(await page.inputValue('[name=q]'), 'CREME b');
  await page.fill('[name=q]', '');
  await waitFor('all of them', async () => (await shown()).length === 5);
  assertQuiet(page);
});

test('two phones race for one need: one comes, the other is told', async () => {
  const gateway = await startGateway();
  const { id } = await gateway.post('need', { text: 'one ride, one seat', slots: 1 });
  const phones = [await phone(gateway), await phone(gateway)];
  for (const page of phones) await page.goto(`/need/${id}`);
  await Promise.all(phones.map(async (page, n) => {
    await page.fill('[name=message]', `racer ${n}`);
    await page.locator('button[value=claim]').click();
    await page.waitForURL('**/kept/*');
  }));
  const { claims } = await gateway.json(`/api/v1/needs/${id}`);
  assert.deepEqual(claims.map((claim) => claim.status).sort(), ['assigned', 'standby']);
  const told = await Promise.all(phones.map((page) => page.locator('main').innerText()));
  assert.equal(told.filter((text) => /next/.test(text)).length, 1, told.join('\n---\n'));
  phones.forEach(assertQuiet);
});

test('the policy allows what is ours and nothing else', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  const violations = [];
  await page.exposeFunction('noted', (text) => violations.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => window.noted(`${event.violatedDirective} ${event.blockedURI}`));
  });
  for (const path of ['/', '/new/need', '/new/offer', '/new/notice', '/me', '/help', '/code']) {
    await page.goto(path);
    await page.waitForLoadState('networkidle').catch(() => {});
  }
  assert.deepEqual(violations, []);
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
  });
  await waitFor('the violation to be told', () => violations.length > 0);
  assert.equal(await page.evaluate(() => window.ran), undefined);
});

test('the first load of a board with 20 needs stays within 20 KB, packed', async () => {
  const gateway = await startGateway();
  for (let n = 0; n < 20; n += 1) await gateway.post('need', { text: `need number ${n}, stairwell B, two bags of rice`, zone: 'stairwell B' });
  const page = await phone(gateway);
  const sizes = [];
  page.on('requestfinished', async (request) => {
    const { responseBodySize } = await request.sizes();
    sizes.push([new URL(request.url()).pathname, responseBodySize]);
  });
  await page.goto('/');
  await page.waitForTimeout(2_000);
  const all = sizes.reduce((sum, [, size]) => sum + size, 0);
  assert.ok(all <= 20 * 1024, `${all}: ${JSON.stringify(sizes)}`);
});
