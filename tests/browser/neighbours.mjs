// What neighbours do on the page, with an old phone: ask, mend a mistake, answer, confirm; and what may go wrong meanwhile.

import { assert, assertFits, assertQuiet, follow, phone, shot, startGateway, test, waitFor } from './harness.mjs';

/** No script, the narrowest screen in use. */
const OLD = { script: false, width: 320 };

const send = (page) => follow(page, page.locator('main form button.strong'));

/** The three words on a receipt. */
const codeOn = (page) => page.locator('.code').innerText();

test('help is asked for in three taps and some words, and taken back with the code word', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway, OLD);
  await page.goto('/');
  await follow(page, page.getByRole('link', { name: 'Ask for help' }));
  await page.locator('label.choice', { hasText: 'Water' }).tap();
  await page.getByLabel('What do you need?').fill('Six litres for a baby\nand a kettle');
  await page.getByLabel('How to reach you').fill('ring twice at flat 3');
  await follow(page, page.getByRole('button', { name: 'Ask for it' }));

  assert.match(page.url(), /\/kept\/[0-9a-f]{32}$/);
  const code = await codeOn(page);
  assert.match(code, /^[a-z]+ [a-z]+ [a-z]+$/);
  await page.getByText("Kept on Maple Street's gateway.").waitFor();
  await page.reload();
  assert.equal(await codeOn(page), code, 'a reload shows it again');

  await follow(page, page.getByRole('link', { name: 'See it' }));
  const item = page.url();
  assert.match(await page.locator('main').innerText(), /Six litres for a baby\nand a kettle/);
  assert.match(await page.locator('.facts').innerText(), /Water.*Today.*just now/s);
  assert.ok(!(await page.content()).includes('ring twice'), 'the contact is sealed');

  await page.getByText('I posted this').tap();
  await page.getByLabel('Code word').fill(`${code.toUpperCase()} `);
  await follow(page, page.getByRole('button', { name: 'Take it back' }));
  await page.getByRole('heading', { name: 'It is taken back' }).waitFor();
  await page.goto('/');
  assert.ok(!(await page.content()).includes('Six litres'));
  await page.goto(item);
  await page.getByText('I posted this').tap();
  await page.getByLabel('Code word').fill(code);
  await follow(page, page.getByRole('button', { name: 'Open it again' }));
  await page.goto('/');
  await page.getByText('Six litres').waitFor();
  assertQuiet(page);
});

test('a form with mistakes comes back with what was typed, and says what is wrong beside each field', async () => {
  const gateway = await startGateway();
  // With script only to ask where the focus is; the page has none.
  const page = await phone(gateway, { width: 320 });
  await page.goto('/new/offer');
  await page.locator('label.choice', { hasText: 'Tools' }).click();
  await page.getByText('How much?').click();
  await page.locator('#qty0').fill('many');
  await page.locator('#zone').fill('stairwell "B" <&>');
  await page.locator('#contact').fill('flat 3');
  await page.locator('input[name=standing]').check();
  await send(page);

  assert.match(await page.title(), /^Not sent yet: /);
  await waitFor('the focus on the summary', () => page.evaluate(() => document.activeElement.id === 'problem'));
  assert.equal(await page.locator('#zone').inputValue(), 'stairwell "B" <&>');
  assert.equal(await page.locator('#contact').inputValue(), 'flat 3');
  assert.equal(await page.locator('#qty0').inputValue(), 'many');
  assert.ok(await page.locator('input[name=category][value=tools]').isChecked());
  assert.ok(await page.locator('input[name=standing]').isChecked());
  for (const field of ['text', 'item0', 'qty0']) {
    const ids = (await page.locator(`#${field}`).getAttribute('aria-describedby')).split(' ');
    assert.ok(ids.includes(`${field}-wrong`), field);
    for (const id of ids) assert.ok((await page.locator(`#${id}`).innerText()).length > 5, id);
    await page.locator(`#problem a[href="#${field}"]`).click();
    await waitFor(`the focus on ${field}`, () => page.evaluate((id) => document.activeElement.id === id, field));
  }
  await page.locator('#text').fill('A ladder');
  await page.locator('#item0').fill('ladder');
  await page.locator('#qty0').fill('1,5');
  await send(page);
  await page.getByRole('heading', { name: 'Your offer is on the board' }).waitFor();
  const [offer] = await gateway.json('/api/v1/offers');
  assert.deepEqual([offer.zone, offer.lines[0].qty, offer.standing], ['stairwell "B" <&>', 1.5, true]);
  assertQuiet(page);
});

test('a form sent twice makes one post and shows one code word', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway, OLD);
  await page.goto('/new/need');
  await page.getByLabel('What do you need?').fill('bread');
  const token = await page.locator('input[name=token]').inputValue();
  await page.locator('main form button.strong').dblclick();
  await page.locator('.code').waitFor();
  const code = await codeOn(page);
  // And once more, as a phone does that lost the first answer on a bad link.
  const again = await fetch(`${gateway.url}/new/need`, {
    method: 'POST',
    body: new URLSearchParams({ token, text: 'bread', category: 'other', urgency: 'today' }),
  });
  assert.ok((await again.text()).includes(code));
  assert.equal((await gateway.json('/api/v1/needs')).length, 1);
});

test('two phones race for one need: one comes, the other is next', async () => {
  const gateway = await startGateway();
  const { id } = await gateway.post('need', { text: 'one strong back', slots: 1, contact: 'the blue door' });
  const phones = await Promise.all([phone(gateway, OLD), phone(gateway, { ...OLD, dark: true })]);
  await Promise.all(phones.map((page) => page.goto(`/need/${id}`)));
  await Promise.all(phones.map((page) => follow(page, page.getByRole('button', { name: "I'll bring it" }))));
  const said = await Promise.all(phones.map((page) => page.locator('main').innerText()));
  const first = said.findIndex((text) => text.includes('as the one who comes'));
  assert.ok(first >= 0, said.join('\n---\n'));
  assert.match(said[1 - first], /Others were first/);

  // Only the one who comes sees how to reach them.
  const codes = await Promise.all(phones.map(codeOn));
  for (const at of [first, 1 - first]) {
    const page = phones[at];
    await page.goto('/code');
    await page.getByLabel('Code word').fill(codes[at]);
    await page.selectOption('#act', 'start');
    await send(page);
    assert.equal((await page.content()).includes('the blue door'), at === first);
  }
  await phones[first].goto(`/need/${id}`);
  assert.match(await phones[first].locator('main').innerText(), /is on the way.*waits in case/s);
});

test('a power cut in the middle of a session loses nothing that was acknowledged', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway, OLD);
  await page.goto('/new/need');
  await page.getByLabel('What do you need?').fill('candles');
  await send(page);
  const code = await codeOn(page);
  await page.goto('/new/need');
  await page.getByLabel('What do you need?').fill('matches too');
  await gateway.kill9();
  await gateway.start();
  // The form from before the cut is sent to the gateway from after it.
  await send(page);
  await page.getByRole('heading', { name: 'You asked for help' }).waitFor();
  await page.goto('/');
  for (const text of ['candles', 'matches too']) await page.getByText(text).waitFor();
  await page.goto('/code');
  await page.getByLabel('Code word').fill(code);
  await page.selectOption('#act', 'withdraw');
  await send(page);
  await page.getByRole('heading', { name: 'It is taken back' }).waitFor();
});

test('a grave notice is unconfirmed until three households say so, and is called off with its code word', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway, OLD);
  await page.goto('/new/notice');
  await page.getByLabel('What should everybody know?').fill('Smoke in the cellar');
  await page.locator('label.choice', { hasText: 'Now' }).tap();
  await page.getByLabel('How dangerous is it?').selectOption('severe');
  await page.getByLabel('How sure are you?').selectOption('observed');
  await send(page);
  const code = await codeOn(page);
  await follow(page, page.getByRole('link', { name: 'See it' }));
  assert.match(await page.locator('.facts').innerText(), /not confirmed: one household says so/);
  await page.getByRole('button', { name: 'Yes, my household says so too' }).waitFor();
  await page.getByText('I announced this').tap();
  await page.getByLabel('Code word').fill('wrong wrong wrong');
  await follow(page, page.getByRole('button', { name: 'Call it off' }));
  assert.match(await page.locator('#problem').innerText(), /not the right code word/);
  await page.getByLabel('Code word').fill(code);
  await follow(page, page.getByRole('button', { name: 'Call it off' }));
  await page.goto('/');
  assert.ok(!(await page.content()).includes('Smoke in the cellar'));
});

test('the board is searched and filtered without script, and goes on page by page', async () => {
  const gateway = await startGateway();
  for (let n = 0; n < 45; n++) {
    await gateway.post('need', { text: `shovel ${n}.`, category: 'tools', zone: n % 2 ? 'north' : 'south', urgency: 'week' });
  }
  await gateway.post('need', { text: 'Pão quente', category: 'food', zone: 'north' });
  const page = await phone(gateway, OLD);
  await page.goto('/');
  await follow(page, page.getByRole('link', { name: 'Needs', exact: true }));
  await follow(page, page.getByRole('link', { name: 'Search and filter' }));
  await page.getByLabel('Words').fill('pao');
  await follow(page, page.getByRole('button', { name: 'Search' }));
  assert.equal(await page.locator('.item').count(), 1);
  await follow(page, page.getByText('Show everything'));
  const seen = new Set();
  for (;;) {
    for (const text of await page.locator('.item h3').allInnerTexts()) seen.add(text);
    const older = page.getByRole('link', { name: 'Older needs' });
    if (!(await older.count())) break;
    await follow(page, older);
  }
  assert.equal(seen.size, 46);
  await page.goto('/?category=tools&zone=north');
  assert.equal(await page.locator('.item').count(), 20, 'a full first page of 22');
  assertQuiet(page);
});

test('a phone without cookies keeps its language', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway, OLD);
  const forget = () => page.context().clearCookies();
  await page.goto('/help');
  await page.locator('.languages summary').tap();
  await assertFits(page, 'the open switch');
  await shot(page, 'switch');
  await follow(page, page.getByRole('link', { name: 'Français' }));
  assert.match(page.url(), /\/help\?lang=fr$/);
  await forget();
  await follow(page, page.getByRole('link', { name: 'Maple Street' }));
  await forget();
  await follow(page, page.getByRole('link', { name: 'Demander de l’aide' }));
  await forget();
  await page.getByLabel('De quoi avez-vous besoin').fill('du pain');
  await send(page);
  await page.getByRole('heading', { name: 'Vous avez demandé de l’aide' }).waitFor();
  // With cookies the address is clean again.
  await follow(page, page.getByRole('link', { name: 'Voir le tableau' }));
  await follow(page, page.getByRole('link', { name: 'Aide', exact: true }));
  assert.match(page.url(), /\/help$/);
  assert.equal(await page.locator('html').getAttribute('lang'), 'fr');
});

test('the keyboard alone is enough', async () => {
  const gateway = await startGateway();
  const page = await phone(gateway, { width: 1024 });
  await page.goto('/new/need');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  // From the skip link's target, the next stop is in the content.
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'category');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await page.keyboard.type('bread');
  for (let stops = 0; stops < 12; stops++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement.matches('button.strong'))) break;
  }
  await page.keyboard.press('Enter');
  await page.locator('.code').waitFor();
  const [need] = await gateway.json('/api/v1/needs');
  assert.equal(need.text, 'bread');
});
