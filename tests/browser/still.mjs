// Without script: the board loads itself again, calmly, says so, and can be told not to; nothing that is typed is lost.

import { assert, assertFits, assertQuiet, follow, phone, shot, startGateway, test } from './harness.mjs';

test('without script the board shows what is new by itself, until somebody stops it', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway, { script: false, width: 320 });
  // A minute, made short.
  await page.route('**/', async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace('http-equiv="refresh" content="60"', 'http-equiv="refresh" content="1"');
    await route.fulfill({ response: answer, body });
  });
  await page.goto('/');
  await gateway.post('need', { text: 'bread for two' });
  await page.getByText('bread for two').waitFor();
  await assertFits(page, 'the board without script');
  await shot(page, 'noscript-board');
  // The search's fields, which could be half typed, are on a board that stays.
  assert.ok(await page.locator('form[role=search]').isHidden());
  await follow(page, page.getByRole('link', { name: 'Search and filter' }));
  await page.fill('[name=q]', 'bre');
  assert.equal(await page.locator('meta[http-equiv]').count(), 0);
  assert.equal(await page.locator('head noscript meta').count(), 0);
  await page.goto('/');
  await follow(page, page.getByRole('link', { name: 'Stop that' }));
  await page.goto('/');
  await page.getByText('stays as it is').waitFor();
  await gateway.post('need', { text: 'and a candle' });
  let again = 0;
  page.on('request', () => { again += 1; });
  await new Promise((done) => setTimeout(done, 2_500));
  assert.equal(again, 0);
  assert.equal(await page.getByText('and a candle').count(), 0);
  assertQuiet(page);
});

test('with script the board follows what happens and does not load itself again', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await page.goto('/');
  await gateway.post('need', { text: 'bread for two' });
  await page.getByText('bread for two').waitFor();
  assert.equal(await page.locator('meta[http-equiv]').count(), 0, 'not part of the page');
  assert.ok(await page.getByText('Stop that').isHidden());
  assert.ok(await page.locator('summary', { hasText: 'Search and filter' }).isVisible());
  assertQuiet(page);
});
