// Posts written while the gateway is out of reach: kept on the phone, sent once on return, and followed from there.

import { assert, assertQuiet, phone, startGateway, test, waitFor } from './harness.mjs';

const offlineErrors = (page) => page.complaints.filter((text) => !/ERR_|WebSocket|Failed to load resource/.test(text));

const texts = async (gateway) => (await gateway.json('/api/v1/needs?status=all')).map((need) => need.text);

test('a post written out of reach waits on the phone and goes out once', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await page.goto('/');
  // The form to ask is fetched for this moment.
  await page.waitForResponse('**/new/need');
  await page.context().setOffline(true);
  await page.locator('.away').waitFor({ state: 'visible' });
  await page.locator('a[href="/new/need"]').first().click();
  await page.fill('[name=text]', 'written in the cellar');
  await page.locator('main form button.strong').click();
  await page.getByText('Noted on this phone').waitFor();
  await page.fill('[name=text]', 'and a second one');
  await page.locator('main form button.strong').click();
  await waitFor('two notes', async () => (await page.getByText('Noted on this phone').count()) === 2);
  assert.deepEqual(await texts(gateway), []);
  await page.context().setOffline(false);
  await waitFor('both to arrive', async () => (await texts(gateway)).length === 2, 60_000);
  await page.goto('/');
  await waitFor('both lights', async () => (await page.locator('#posts').getByText('Kept here').count()) === 2);
  // The code words came with the answers, which nobody has seen.
  assert.equal(await page.locator('#posts').getByText(/Code word: \w+ \w+ \w+/).count(), 2);
  await page.reload();
  await page.locator('#posts').waitFor();
  assert.deepEqual((await texts(gateway)).sort(), ['and a second one', 'written in the cellar']);
  assert.deepEqual(offlineErrors(page), []);
});

test('a gateway that dies before its answer comes has the post once', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await page.goto('/new/need');
  await page.waitForLoadState('networkidle').catch(() => {});
  // The post arrives, the answer does not.
  let first = true;
  await page.route('**/new/need', async (route) => {
    if (!first || route.request().method() !== 'POST') return route.continue();
    first = false;
    await route.fetch({ maxRedirects: 0 });
    await gateway.kill9();
    return route.abort('connectionreset');
  });
  await page.fill('[name=text]', 'was it kept?');
  await page.locator('main form button.strong').click();
  await page.getByText('Noted on this phone').waitFor();
  await gateway.start();
  await waitFor('the light', async () => {
    const posts = JSON.parse(await page.evaluate(() => localStorage.getItem('commons-posts')));
    return posts[0].state === 'kept';
  }, 60_000);
  assert.deepEqual(await texts(gateway), ['was it kept?']);
  assert.deepEqual(offlineErrors(page), []);
});

test('a gateway that is too busy to take a post gets it later', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await page.goto('/new/need');
  await page.waitForLoadState('networkidle').catch(() => {});
  let busy = true;
  await page.route('**/new/need', (route) => {
    if (!busy || route.request().method() !== 'POST') return route.continue();
    return route.fulfill({ status: 503, contentType: 'text/html', body: '<!doctype html><main><h1>One moment</h1></main>' });
  });
  await page.fill('[name=text]', 'patience');
  await page.locator('main form button.strong').click();
  await page.getByText('Noted on this phone').waitFor();
  busy = false;
  await waitFor('the post', async () => (await texts(gateway)).length === 1, 60_000);
  assert.deepEqual(await texts(gateway), ['patience']);
});

test('what is refused without its form stays as it was typed', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await page.goto('/new/need');
  await page.waitForLoadState('networkidle').catch(() => {});
  const long = 'far too much '.repeat(6_000);
  await page.locator('[name=text]').evaluate((field, text) => {
    field.removeAttribute('maxlength');
    field.value = text;
  }, long);
  await page.locator('main form button.strong').click();
  await page.locator('main .problem').waitFor();
  assert.ok((await page.locator('main .problem').textContent()).length > 10);
  assert.equal(await page.locator('[name=text]').inputValue(), long);
  assert.deepEqual(await texts(gateway), []);
});

test('a browser that keeps nothing still posts', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await page.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });
  });
  await page.goto('/new/need');
  await page.waitForLoadState('networkidle').catch(() => {});
  await page.fill('[name=text]', 'from a captive window');
  await page.locator('main form button.strong').click();
  await page.waitForURL('**/kept/*');
  await page.getByText('Your code word').waitFor();
  assert.deepEqual(await texts(gateway), ['from a captive window']);
  await page.goto('/me');
  assert.ok(await page.locator('[data-me=off]').isVisible() || await page.locator('[data-do=make]').isVisible());
  assertQuiet(page);
});

test('two taps are one post', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await page.goto('/new/need');
  await page.waitForLoadState('networkidle').catch(() => {});
  await page.fill('[name=text]', 'tapped twice');
  await page.locator('main form button.strong').dblclick();
  await page.waitForURL('**/kept/*');
  assert.deepEqual(await texts(gateway), ['tapped twice']);
  assertQuiet(page);
});

test('without script the same forms work as they are', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway, { script: false });
  await page.goto('/new/need');
  await page.fill('[name=text]', 'an old phone');
  await page.locator('main form button.strong').click();
  await page.waitForURL('**/kept/*');
  assert.deepEqual(await texts(gateway), ['an old phone']);
});
