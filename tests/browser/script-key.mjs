// The phone's own key: made, written down, brought back; what it signs the gateway verifies; what is sealed one phone opens.

import { assert, assertQuiet, makeKey, phone, startGateway, test, waitFor } from './harness.mjs';

async function ask(page, kind, fields) {
  await page.goto(`/new/${kind}`);
  await page.locator('main form .hint', { hasText: 'Signed with' }).waitFor();
  for (const [name, value] of Object.entries(fields)) await page.fill(`[name=${name}]`, value);
  await page.locator('main form button.strong').click();
  await page.waitForURL('**/kept/*');
}

const keyOf = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('commons-key')).key);

test('a key signs nothing before its owner has it written down, and comes back by its digits', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await page.goto('/me');
  await page.locator('[data-do=make]').click();
  await page.fill('#group', '000000');
  await page.locator('[data-do=confirm] button').click();
  await page.locator('#group-wrong').waitFor({ state: 'visible' });
  await page.goto('/new/need');
  await page.fill('[name=text]', 'not signed yet');
  await page.locator('main form button.strong').click();
  await page.waitForURL('**/kept/*');
  assert.equal((await gateway.json('/api/v1/needs'))[0].by, 'guest');

  await page.goto('/me');
  await page.locator('[data-do=drop]').click();
  const { groups, name } = await makeKey(page);
  assert.equal(groups.length, 17);
  assert.ok(await page.locator('[data-me=have] svg path').count() === 0, 'the backup is put away');
  const key = await keyOf(page);

  const other = await phone(gateway);
  await other.goto('/me');
  await other.getByText('I have one written down').click();
  const wrong = [...groups];
  wrong[4] = wrong[4].replace(/.$/, (digit) => (Number(digit) + 1) % 10);
  await other.fill('#digits', wrong.join(' '));
  await other.locator('[data-do=restore] button').click();
  await other.locator('#digits-wrong').waitFor({ state: 'visible' });
  assert.equal(await other.locator('[data-wrong]').innerText(), '5');
  // As people type them: with dashes, on several lines, in Arabic digits.
  const arabic = (text) => text.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit)));
  await other.fill('#digits', groups.map((group, at) => (at % 2 ? arabic(group) : group)).join('-\n'));
  await other.locator('[data-do=restore] button').click();
  await other.locator('[data-name]').waitFor({ state: 'visible' });
  assert.equal(await other.locator('[data-name]').innerText(), name);
  assert.equal(await keyOf(other), key);
  assertQuiet(page);
  assertQuiet(other);
});

test('what a phone signs the gateway verifies, and a wrong signature is refused beside the form', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await makeKey(page);
  const key = await keyOf(page);
  await ask(page, 'need', { text: 'bread\nfor two', zone: 'stairwell B', contact: 'door 4' });
  await ask(page, 'offer', { text: 'soup' });
  await ask(page, 'notice', { text: 'water is back' });
  const [need] = await gateway.json('/api/v1/needs');
  assert.deepEqual([need.by, need.author, need.text, need.zone, need.contact], ['member', key, 'bread\nfor two', 'stairwell B', true]);
  assert.equal((await gateway.json('/api/v1/offers'))[0].author, key);
  assert.equal((await gateway.json('/api/v1/notices'))[0].author, key);

  // The same form with a record that somebody has touched on its way.
  await page.route('**/new/need', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const form = new URLSearchParams(route.request().postData());
    const signed = form.get('signed');
    form.set('signed', signed.slice(0, -2) + (signed.endsWith('00') ? '01' : '00'));
    await route.continue({ postData: form.toString() });
  });
  await page.goto('/new/need');
  await page.locator('main form .hint', { hasText: 'Signed with' }).waitFor();
  await page.fill('[name=text]', 'tampered with');
  await page.fill('[name=contact]', 'door 4');
  await page.locator('main form button.strong').click();
  await page.locator('main .problem').waitFor();
  assert.equal(await page.inputValue('[name=text]'), 'tampered with');
  assert.equal(await page.inputValue('[name=contact]'), 'door 4');
  assert.equal((await gateway.json('/api/v1/needs')).length, 1);
  assert.deepEqual(page.strangers, []);
});

test('a refusal stands beside its field and what was typed stays', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway);
  await makeKey(page);
  await page.goto('/new/need');
  await page.locator('main form .hint', { hasText: 'Signed with' }).waitFor();
  await page.fill('[name=text]', 'x'.repeat(2_100));
  await page.fill('[name=zone]', 'stairwell B');
  await page.locator('main form button.strong').click();
  await page.locator('#text-wrong').waitFor();
  assert.equal(await page.inputValue('[name=zone]'), 'stairwell B');
  await page.fill('[name=text]', 'shorter');
  await page.locator('main form button.strong').click();
  await page.waitForURL('**/kept/*');
  assert.equal((await gateway.json('/api/v1/needs'))[0].by, 'member');
  assertQuiet(page);
});

test('a sealed contact opens on the phone of the one who comes, and on no other', async () => {
  const gateway = await startGateway();
  const asker = await phone(gateway);
  const helper = await phone(gateway);
  const other = await phone(gateway);
  for (const page of [asker, helper, other]) await makeKey(page);
  await ask(asker, 'need', { text: 'a ride to the clinic', contact: 'ring at 4, Ana' });
  const [{ id }] = await gateway.json('/api/v1/needs');
  const claim = async (page) => {
    await page.goto(`/need/${id}`);
    await page.waitForLoadState('networkidle').catch(() => {});
    await page.locator('button[value=claim]').click();
    await page.waitForURL('**/kept/*');
    await page.goto(`/need/${id}`);
  };
  await claim(helper);
  await claim(other);
  // The asker's phone is on the board, follows it, and hands the contact on by itself.
  await helper.getByText('ring at 4, Ana').waitFor();
  assert.equal(await other.getByText('ring at 4, Ana').count(), 0);
  const state = await gateway.json(`/api/v1/needs/${id}`);
  assert.deepEqual(state.claims.map((one) => [one.status, Boolean(one.sealed)]), [['assigned', true], ['standby', false]]);
  assert.ok(!JSON.stringify(state).includes('Ana'));
  await asker.goto(`/need/${id}`);
  await asker.getByText('locked for whoever comes').waitFor();

  // The helper needs no code word to say that he is on his way, nor the asker to say that it arrived.
  await helper.locator('button[value=start]').click();
  await helper.waitForURL('**/kept/*');
  assert.equal((await gateway.json(`/api/v1/needs/${id}`)).status, 'underway');
  await asker.goto(`/need/${id}`);
  await asker.locator('button[value=confirm]').click();
  await asker.waitForURL('**/kept/*');
  assert.equal((await gateway.json(`/api/v1/needs/${id}`)).status, 'confirmed');
  [asker, helper, other].forEach(assertQuiet);
});

test("a guest's contact reaches a helper with a key", async () => {
  const gateway = await startGateway();
  const helper = await phone(gateway);
  await makeKey(helper);
  const { id } = await gateway.post('need', { text: 'batteries', contact: 'second floor, Omar' });
  await helper.goto(`/need/${id}`);
  await helper.waitForLoadState('networkidle').catch(() => {});
  await helper.locator('button[value=claim]').click();
  await helper.waitForURL('**/kept/*');
  await helper.goto(`/need/${id}`);
  await helper.getByText('second floor, Omar').waitFor();
  assertQuiet(helper);
});
